"""The checks that place one-cancels-other pairs on what was bought; each ends what it placed."""

from typing import Any

from alert_trader.worker.certify.check import CLOSE, Bench, Outcome, expected, not_run, recorded
from alert_trader.worker.certify.line import TERMINAL, Reply, of_order
from alert_trader.worker.certify.reads import FAR_ABOVE

TRIGGER = "0.01"
"""A stop far below: it is cancelled before the market gets there."""


def _sides(bench: Bench, price: str = FAR_ABOVE) -> tuple[dict[str, Any], dict[str, Any]]:
    line = bench.line
    limit = bench.limit(CLOSE, price, strict=True, external_identifier=line.name())
    stop = bench.order(
        CLOSE,
        strict=True,
        order_type="Stop Limit",
        stop_trigger=TRIGGER,
        price=TRIGGER,
        price_effect="Credit",
        external_identifier=line.name(),
    )
    return limit | {"time-in-force": "GTC"}, stop | {"time-in-force": "GTC"}


class _Pair:
    """A pair that was placed: its id, and the ids of its limit order and its stop."""

    def __init__(self, bench: Bench, reply: Reply) -> None:
        self._bench = bench
        self.reply = reply
        found = reply.data.get("complex-order")
        self.body: dict[str, Any] = found if isinstance(found, dict) else {}
        self.id = int(self.body.get("id", 0))
        self.orders = [int(each["id"]) for each in self.body.get("orders") or ()]

    @classmethod
    async def place(cls, bench: Bench, price: str = FAR_ABOVE) -> "_Pair":
        """Place a pair on one contract, and wait until both sides work."""
        reply = await bench.line.call("POST", bench.line.complexes, bench.pair(*_sides(bench, price)))
        found = cls(bench, reply)
        for each in found.orders:
            await bench.line.reach(each, "Live", *TERMINAL, within=5)
        return found

    async def read(self) -> dict[str, Any]:
        """Read the pair again."""
        reply = await self._bench.line.call("GET", f"{self._bench.line.complexes}/{self.id}")
        found = reply.data.get("complex-order", reply.data)
        return found if isinstance(found, dict) else {}

    async def cancel(self) -> Reply:
        """Cancel both sides by the pair's id."""
        return await self._bench.line.call("DELETE", f"{self._bench.line.complexes}/{self.id}")

    async def end(self) -> list[str]:
        """Cancel what still works, and return the last statuses."""
        if self.id:
            await self.cancel()
        return [await self._bench.line.end(each) for each in self.orders]


async def place(bench: Bench) -> Outcome:
    """Place a pair, and read it in both lists and in the stream."""
    line = bench.line
    pair = await _Pair.place(bench)
    if not pair.reply.ok:
        return expected(False, pair.reply.words)
    first = [each.get("status") for each in pair.body["orders"]]
    named = [each.get("external-identifier") for each in pair.body["orders"]]
    complexes = await line.call("GET", f"{line.complexes}/live")
    orders = await line.call("GET", f"{line.orders}/live")
    shown = sum(each.get("id") in pair.orders for each in orders.items)
    last = [await line.status(each) for each in pair.orders]
    message = None
    if bench.streams:
        message = await line.hear(lambda said: said.get("type") == "ComplexOrder", within=1) is not None
    await pair.end()
    words = (
        f"{pair.reply.words}: {first}, then {last}; "
        f"identifiers of the sides echoed: {sum(map(bool, named))}; "
        f"in complex-orders/live: {pair.id in [_number(each) for each in complexes.items]}, "
        f"in orders/live: {shown}; message of the pair: {message}"
    )
    return expected(set(last) == {"Live"} and shown == 2, words, oco__stream=message)


def _number(body: dict[str, Any]) -> int:
    return int(body.get("id", 0))


async def partial(bench: Bench) -> Outcome:
    """With two contracts: a pair for one, a close of the other, and one close too many."""
    if bench.held < 2:
        return not_run(f"needs 2 contracts, {bench.held} bought")
    line = bench.line
    pair = await _Pair.place(bench)
    closes = []
    for _ in range(bench.held):
        body = bench.limit(CLOSE, FAR_ABOVE, strict=True, external_identifier=line.name())
        closes.append(await line.call("POST", line.orders, body))
    for each in closes:
        if each.ok:
            await line.end(int(each.order["id"]))
    await pair.end()
    fits, above = closes[:-1], closes[-1]
    words = f"pair {pair.reply.words}; the rest {[each.words for each in fits]}; one more {above.words}"
    return expected(pair.reply.ok and all(each.ok for each in fits) and above.status == 422, words)


async def edits(bench: Bench) -> Outcome:
    """Replace one side, cancel one side, and cancel the pair twice, each with a pair of its own."""
    edit, edit_words, numeric = await _edit(bench)
    cancel, cancel_words = await _cancel_side(bench)
    pair = await _Pair.place(bench)
    once = await pair.cancel()
    ended = [await bench.line.reach(each, *TERMINAL) for each in pair.orders]
    twice = await pair.cancel()
    await pair.end()
    return recorded(
        f"PUT of a side: {edit_words}; DELETE of a side: {cancel_words}; DELETE of the pair: {once.words}, "
        f"{ended}, again {twice.words}",
        oco__edit=edit,
        oco__cancel=cancel,
        oco__empty_cancel_answer=once.status == 204 if once.ok else None,
        oco__numeric_related_ids=numeric,
    )


async def _edit(bench: Bench) -> tuple[str | None, str, bool | None]:
    line = bench.line
    pair = await _Pair.place(bench)
    if not pair.reply.ok:
        return None, pair.reply.words, None
    body = {"time-in-force": "GTC", "order-type": "Limit", "price": "49.00", "price-effect": "Credit"}
    reply = await line.call("PUT", f"{line.orders}/{pair.orders[0]}", body)
    setting, numeric = None, None
    if reply.ok and "id" in reply.data:
        new = int(reply.data["id"])
        await line.reach(new, "Live", *TERMINAL)
        found = await pair.read()
        sides = [_number(each) for each in found.get("orders") or ()]
        setting = "stays" if new in sides else "leaves"
        related = [each["id"] for each in found.get("related-orders") or () if "id" in each]
        numeric = isinstance(related[0], int) if related else None
        await line.end(new)
    elif reply.status == 422:
        setting = "refused"
    await pair.end()
    return setting, f"{reply.words}, the new order {setting or 'unknown'}", numeric


async def _cancel_side(bench: Bench) -> tuple[str | None, str]:
    line = bench.line
    pair = await _Pair.place(bench)
    if not pair.reply.ok:
        return None, pair.reply.words
    limit, stop = pair.orders
    reply = await line.call("DELETE", f"{line.orders}/{limit}")
    if reply.status == 422:
        await pair.end()
        return "refused", reply.words
    await line.reach(limit, *TERMINAL)
    other = await line.reach(stop, *TERMINAL, within=1)
    await pair.end()
    return "both sides" if other in TERMINAL else "one side", f"{reply.words}, the other side {other}"


async def fill(bench: Bench) -> Outcome:
    """Place a pair whose limit order fills at once, and see what is announced first."""
    if bench.bid is None:
        return not_run("no bid is known to sell at")
    line = bench.line
    before = len(line.heard)
    reply = await line.call("POST", line.complexes, bench.pair(*_sides(bench, str(bench.bid))))
    pair = _Pair(bench, reply)
    if not reply.ok:
        return expected(False, reply.words)
    limit, stop = pair.orders
    sold = await line.reach(limit, *TERMINAL)
    other = await line.reach(stop, *TERMINAL)
    bench.held -= (sold == "Filled") + (other == "Filled")
    filled = await line.hear(of_order(limit, "Filled"), within=2) if bench.streams else None
    cancelled = await line.hear(of_order(stop, "Cancelled"), within=2) if bench.streams else None
    await pair.end()
    words = f"limit {sold}, stop {other}; {len(line.heard) - before} messages"
    if filled is None or cancelled is None:
        return expected((sold, other) == ("Filled", "Cancelled"), words)
    apart = (line.heard[cancelled][0] - line.heard[filled][0]) * 1000
    return expected(
        (sold, other) == ("Filled", "Cancelled"),
        f"{words}; Cancelled {apart:+.0f} ms after Filled",
        oco__messages="fill first" if filled < cancelled else "cancel first",
    )
