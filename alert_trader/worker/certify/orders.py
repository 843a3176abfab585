"""The checks that place single orders; each ends what it placed, but for what was bought."""

import asyncio
import time
from typing import Any

from alert_trader.worker.certify.check import BUY, CLOSE, Bench, Outcome, expected, not_run, recorded
from alert_trader.worker.certify.line import TERMINAL, Reply, of_order
from alert_trader.worker.certify.reads import FAR_ABOVE, dry

WORKING = ("Live", "Received", "Routed", "In Flight", "Contingent")
_CLOSE_TRIES = 30


async def _place(bench: Bench, body: dict[str, Any]) -> Reply:
    return await bench.line.call("POST", bench.line.orders, body)


async def _rest(bench: Bench) -> int | Outcome:
    """Place an order far below the market, and return its id once it works; an outcome when it is refused."""
    line = bench.line
    reply = await _place(bench, bench.limit(BUY, "0.01", external_identifier=line.name()))
    if not reply.ok:
        return expected(False, reply.words)
    order = int(reply.order["id"])
    await line.reach(order, "Live", *TERMINAL)
    return order


async def identifier(bench: Bench) -> Outcome:
    """Place an order far below the market, and look for its identifier wherever the order is shown."""
    line, name = bench.line, bench.line.name()
    reply = await _place(bench, bench.limit(BUY, "0.01", external_identifier=name))
    if not reply.ok:
        return expected(False, reply.words)
    order = int(reply.order["id"])
    status = await line.reach(order, "Live", *TERMINAL)
    read = await line.call("GET", f"{line.orders}/{order}")
    listed: dict[str, Any] = next(
        (each for each in (await line.call("GET", f"{line.orders}/live")).items if each.get("id") == order),
        {},
    )
    at = await line.hear(of_order(order, "Live")) if bench.streams else None
    said = [m["data"] for _, m in line.heard if of_order(order)(m)]
    shown = {
        "POST": reply.order.get("external-identifier"),
        "GET": read.order.get("external-identifier"),
        "list": listed.get("external-identifier"),
        "stream": said[-1].get("external-identifier") if said else None,
    }
    echoes = [where for where, what in shown.items() if what == name]
    source = read.order.get("source")
    await line.end(order)
    seen = "in the stream" if at is not None else "not in the stream"
    words = f"{reply.words}, {status}, {seen}; identifier in {', '.join(echoes) or 'none'}; source {source}"
    return expected(status == "Live", words, echo_external_identifier=bool(echoes))


async def identifier_forms(bench: Bench) -> Outcome:
    """Place orders with long identifiers, and with characters that an address would not take."""
    words = []
    for label, name in (
        ("64", bench.line.name(64)),
        ("128", bench.line.name(128)),
        ("with : and /", bench.line.name(36, "a:b/c")),
    ):
        reply = await _place(bench, bench.limit(BUY, "0.01", external_identifier=name))
        kept = reply.order.get("external-identifier")
        words.append(f"{label}: {reply.words}, {'echoed' if kept == name else f'echoed as {kept!r}'}")
        if reply.ok:
            await bench.line.end(int(reply.order["id"]))
    return recorded("; ".join(words))


async def replacements(bench: Bench) -> Outcome:
    """Replace an order by PUT with an identifier, by PATCH, and by PUT without one."""
    line = bench.line
    order = await _rest(bench)
    if isinstance(order, Outcome):
        return order
    steps: list[str] = []
    orders = [order]
    for label, price, more in (
        ("PUT", "0.02", {"external-identifier": line.name()}),
        ("PATCH", "0.03", {}),
        ("PUT without identifier", "0.02", {}),
    ):
        body = {
            "time-in-force": "Day",
            "order-type": "Limit",
            "price": price,
            "price-effect": "Debit",
            **more,
        }
        reply = await line.call(label.split()[0], f"{line.orders}/{orders[-1]}", body)
        steps.append(
            f"{label}: {reply.words}, {reply.data.get('status')}, "
            f"identifier {reply.order.get('external-identifier')!r}"
        )
        if not reply.ok or "id" not in reply.data:
            break
        orders.append(int(reply.data["id"]))
        await line.reach(orders[-1], "Live", *TERMINAL)
    requested = [m for _, m in line.heard if any(of_order(each, "Replace Requested")(m) for each in orders)]
    for each in orders:
        await line.end(each)
    new = len(orders) == 4 and len(set(orders)) == 4
    return expected(
        new, "; ".join(steps), show_replace_requested=bool(requested) if bench.streams and new else None
    )


async def limit_to_market(bench: Bench) -> Outcome:
    """Replace a limit order by a market order: it buys one contract."""
    line = bench.line
    order = await _rest(bench)
    if isinstance(order, Outcome):
        return order
    body = {"time-in-force": "Day", "order-type": "Market"}
    reply = await line.call("PUT", f"{line.orders}/{order}", body)
    status = ""
    if reply.ok and "id" in reply.data:
        status = await line.reach(int(reply.data["id"]), *TERMINAL)
        bench.held += status == "Filled"
        await line.end(int(reply.data["id"]))
    await line.end(order)
    return expected(reply.ok, f"{reply.words}; {status or 'no new order'}")


async def cancel_twice(bench: Bench) -> Outcome:
    """Cancel a working order, and cancel it again."""
    line = bench.line
    order = await _rest(bench)
    if isinstance(order, Outcome):
        return order
    reply = await line.call("DELETE", f"{line.orders}/{order}")
    status = reply.order.get("status")
    last = await line.reach(order, *TERMINAL)
    again = await line.call("DELETE", f"{line.orders}/{order}")
    words = f"{reply.words}, {status}, then {last}; again: {again.words}"
    return expected(reply.ok and last == "Cancelled" and again.status == 422, words)


async def buy(bench: Bench) -> Outcome:
    """Buy one contract, and see how long a strict close is refused for what was bought."""
    reply = await _place(bench, bench.limit(BUY, bench.buy_at, external_identifier=bench.line.name()))
    if not reply.ok:
        return expected(False, reply.words)
    order = int(reply.order["id"])
    status = await bench.line.reach(order, *TERMINAL)
    if status != "Filled":
        await bench.line.end(order)
        return expected(False, f"{status} at a limit of {bench.buy_at}: not bought, and cancelled")
    bench.held += 1
    filled_at = time.monotonic()
    for _ in range(_CLOSE_TRIES):
        close = await dry(bench, bench.limit(CLOSE, FAR_ABOVE, strict=True))
        if close.ok:
            break
        await asyncio.sleep(0.1 * bench.line.patience)
    took = time.monotonic() - filled_at
    read = await bench.line.call("GET", f"{bench.line.orders}/{order}")
    fills = [fill for leg in read.order.get("legs") or () for fill in leg.get("fills") or ()]
    venue = {each.get("destination-venue") for each in fills}
    words = f"filled at {[each.get('fill-price') for each in fills]}, venue {venue}"
    return expected(close.ok, f"{words}; a strict close is accepted after {took:.1f} s")


async def off_tick(bench: Bench) -> Outcome:
    """Place an order between two ticks."""
    reply = await _place(bench, bench.limit(BUY, "0.013", external_identifier=bench.line.name()))
    if not reply.ok:
        return recorded(f"refused at once: {reply.words}")
    order = int(reply.order["id"])
    status = await bench.line.reach(order, "Live", *TERMINAL, within=5)
    read = await bench.line.call("GET", f"{bench.line.orders}/{order}")
    await bench.line.end(order)
    return recorded(f"{reply.words}, then {status}, reason {read.order.get('reject-reason')!r}")


async def over_closing(bench: Bench) -> Outcome:
    """Close all that is held while another close of it works."""
    if bench.held < 1:
        return not_run("nothing was bought")
    closes = []
    for _ in range(bench.held):
        reply = await _place(
            bench,
            bench.limit(CLOSE, FAR_ABOVE, strict=True, external_identifier=bench.line.name()),
        )
        closes.append(reply)
    second = await _place(
        bench, bench.limit(CLOSE, FAR_ABOVE, strict=True, external_identifier=bench.line.name())
    )
    for each in (*closes, second):
        if each.ok:
            await bench.line.end(int(each.order["id"]))
    counts = None if not all(each.ok for each in closes) else not second.ok
    return expected(
        second.status == 422,
        f"first: {closes[0].words}; above what is held: {second.words}",
        count_working_closes=counts,
    )
