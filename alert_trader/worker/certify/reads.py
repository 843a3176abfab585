"""The checks that place nothing: reads, and dry runs of orders."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from alert_trader import clock
from alert_trader.worker.certify.check import BUY, CLOSE, Bench, Outcome, expected, not_run, recorded
from alert_trader.worker.certify.line import NEWEST, VERSION, NoCredentialsError, Reply

UNDERLYING = "SPY"
INDEXES = ("SPX", "VIX")

DAYS_AHEAD = (20, 90)
OUT_OF_THE_MONEY = Decimal("1.10")
"""Strikes are from here up, as a multiple of the strike in the middle of the chain."""

FAR_ABOVE = "50.00"
"""A sale's limit that nobody pays for such a contract."""


async def token(bench: Bench, secret: str, refresh: str) -> Outcome:
    """Get the access token; raises NoCredentialsError when it is refused."""
    body = {"grant_type": "refresh_token", "client_secret": secret, "refresh_token": refresh}
    reply = await bench.line.call("POST", "/oauth/token", body, order_version=None)
    found = reply.body if isinstance(reply.body, dict) else {}
    if not reply.ok or "access_token" not in found:
        raise NoCredentialsError(
            f"{bench.line.place.host} refused the credentials ({reply.words}). Production credentials do not "
            "work in the sandbox: set TASTYTRADE_CLIENT_SECRET and TASTYTRADE_REFRESH_TOKEN to those of the "
            "sandbox's own OAuth app"
        )
    bench.line.token = str(found["access_token"])
    lifetime = found.get("expires_in")
    envelope = "an envelope" if "data" in found else "no envelope"
    return expected(
        "data" not in found and lifetime == 900, f"{envelope}, {lifetime} s", token_lifetime=lifetime
    )


async def versions(bench: Bench) -> Outcome:
    """Ask for a list of orders in four versions, and in the newest without its required start date."""
    line, start = bench.line, {"start-date": str(clock.now().date() - timedelta(days=1))}

    async def asked(order_version: str | None, query: dict[str, str]) -> Reply:
        return await line.call("GET", line.orders, query=query, order_version=order_version)

    replies = [await asked(each, start) for each in (None, VERSION, NEWEST, "20200101")]
    undated = await asked(NEWEST, {})
    if not replies[1].ok:
        line.version = NEWEST
    statuses = [each.status for each in (*replies, undated)]
    served = None
    if statuses[0] == 200:
        old, new = statuses[1] == 200, undated.status == 400
        served = tuple(name for name, is_served in (("20250813", old), ("20261012", new)) if is_served)
    words = ", ".join(map(str, statuses[:4])) + f"; without start-date {statuses[4]}"
    return expected(statuses == [200, 200, 200, 406, 400], words, order_versions=served or None)


async def account(bench: Bench) -> Outcome:
    """Read the account, its trading status, its balances and its limits."""
    line = bench.line
    paths = (
        "/customers/me/accounts",
        f"/accounts/{line.account}/trading-status",
        f"/accounts/{line.account}/balances/USD",
        f"/accounts/{line.account}/position-limit",
    )
    replies = [await line.call("GET", path) for path in paths]
    numbers = [each.get("account", {}).get("account-number") for each in replies[0].items]
    if replies[0].ok and line.account not in numbers:
        raise NoCredentialsError(
            f"the sandbox has no account {line.account} for these credentials: set TASTYTRADE_ACCOUNT "
            f"to one of its {len(numbers)} accounts, as `GET /customers/me/accounts` lists them"
        )
    level = replies[1].data.get("options-level")
    words = f"{', '.join(str(each.status) for each in replies)}; options level {level}"
    return expected(all(each.ok for each in replies[:3]), words)


async def chain(bench: Bench) -> Outcome:
    """Read a chain, and choose two calls far out of the money some weeks ahead."""
    reply = await bench.line.call("GET", f"/option-chains/{UNDERLYING}/nested")
    listed = [each for root in reply.items for each in root.get("expirations", ())]
    low, high = DAYS_AHEAD
    fitting = [each for each in listed if low <= int(each["days-to-expiration"]) <= high]
    if not fitting:
        return expected(False, f"{reply.words}, {len(listed)} expirations, none {low} to {high} days ahead")
    strikes = sorted(fitting[0]["strikes"], key=lambda each: Decimal(each["strike-price"]))
    middle = Decimal(strikes[len(strikes) // 2]["strike-price"])
    far = [each for each in strikes if Decimal(each["strike-price"]) >= middle * OUT_OF_THE_MONEY]
    far = far if len(far) > 1 else strikes[-2:]
    bench.symbol, bench.other = far[0]["call"], far[-1]["call"]
    option = await bench.line.call("GET", f"/instruments/equity-options/{bench.symbol}")
    await _quote(bench)
    ticks = reply.items[0].get("tick-sizes")
    words = f"{reply.words}, {option.words}; ticks {ticks}; {bench.symbol}: bid {bench.bid}, ask {bench.ask}"
    return expected(reply.ok and option.ok and bool(ticks), words)


async def _quote(bench: Bench) -> None:
    """Read the contract's quote; the broker's own sandbox has none."""
    reply = await bench.line.call("GET", "/market-data/by-type", query={"equity-option": bench.symbol})
    found: dict[str, Any] = next(iter(reply.items), {})
    bench.bid, bench.ask = _positive(found.get("bid")), _positive(found.get("ask"))


def _positive(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found > 0 else None


async def session(bench: Bench) -> Outcome:
    """Read whether the market is open: checks that need it are not made outside."""
    reply = await bench.line.call(
        "GET", "/market-time/sessions/current", query={"instrument-collections[]": "Equity"}
    )
    states = {str(each.get("state")) for each in [*reply.items, reply.data] if "state" in each}
    bench.is_open = "Open" in states
    return expected(reply.ok and bool(states), f"{reply.words}, {', '.join(sorted(states)) or 'no state'}")


async def dry(bench: Bench, body: dict[str, Any]) -> Reply:
    """Send a dry run of an order."""
    return await bench.line.call("POST", f"{bench.line.orders}/dry-run", body)


async def dry_limit(bench: Bench) -> Outcome:
    """Price a purchase."""
    reply = await dry(bench, bench.limit(BUY, "0.01"))
    words = f"{reply.words}; errors {'errors' in reply.data}, fees {'fee-calculation' in reply.data}"
    holds = reply.status == 201 and "errors" not in reply.data and "fee-calculation" in reply.data
    return expected(holds, words)


async def dry_wrong(bench: Bench) -> Outcome:
    """Price three orders that cannot be: a market order that stays, a negative price, a leg twice."""
    twice = bench.limit(BUY, "0.01")
    twice["legs"] = [bench.leg(BUY), bench.leg(BUY)]
    market = bench.order(BUY, order_type="Market") | {"time-in-force": "GTC"}
    replies = [await dry(bench, each) for each in (market, bench.limit(BUY, "-0.01"), twice)]
    return expected(all(each.status == 422 for each in replies), "; ".join(each.words for each in replies))


async def dry_off_tick(bench: Bench) -> Outcome:
    """Price an order between two ticks."""
    reply = await dry(bench, bench.limit(BUY, "0.013"))
    return expected(reply.status in {201, 422}, reply.words)


async def close_of_nothing(bench: Bench) -> Outcome:
    """Close what is not held: strict, as an order, and not strict, as a dry run."""
    strict = await bench.line.call(
        "POST",
        bench.line.orders,
        bench.limit(CLOSE, FAR_ABOVE, symbol=bench.other, strict=True),
    )
    if strict.ok:
        await bench.line.end(int(strict.order["id"]))
    loose = await dry(bench, bench.limit(CLOSE, FAR_ABOVE, symbol=bench.other))
    warned = [each.get("code") for each in loose.data.get("warnings") or ()]
    sent = [leg.get("action") for leg in loose.order.get("legs") or ()]
    words = f"strict: {strict.words}; not strict: {loose.words}, warnings {warned}, legs echoed {sent}"
    return expected(strict.status == 422, words)


async def _stops(bench: Bench, symbol: str) -> dict[str, Reply]:
    def stop(kind: str, force: str, **more: Any) -> dict[str, Any]:
        order = bench.order(CLOSE, symbol=symbol, order_type=kind, stop_trigger="0.01", **more)
        return order | {"time-in-force": force}

    limit = {"price": "0.01", "price_effect": "Credit"}
    orders = {
        "Stop GTC": stop("Stop", "GTC"),
        "Stop Day": stop("Stop", "Day"),
        "Stop Limit GTC": stop("Stop Limit", "GTC", **limit),
        "Stop with a price": stop("Stop", "Day", **limit),
        "trigger above the bid": stop("Stop", "Day") | {"stop-trigger": FAR_ABOVE},
    }
    return {name: await dry(bench, order) for name, order in orders.items()}


async def dry_stops(bench: Bench) -> Outcome:
    """Price five stops on what is held."""
    replies = await _stops(bench, bench.symbol)
    statuses = {name: reply.status for name, reply in replies.items()}
    holds = (statuses["Stop Day"], statuses["Stop Limit GTC"], statuses["Stop with a price"]) == (
        201,
        201,
        422,
    )
    return expected(
        holds,
        "; ".join(f"{name}: {reply.words}" for name, reply in replies.items()),
        stops__gtc_market=_said(replies["Stop GTC"]),
        stops__refuse_through_market=_denied(replies["trigger above the bid"]),
    )


def _said(reply: Reply) -> bool | None:
    """Return whether an order was taken; None where neither is certain."""
    return {201: True, 422: False}.get(reply.status)


def _denied(reply: Reply) -> bool | None:
    taken = _said(reply)
    return None if taken is None else not taken


async def dry_index_stops(bench: Bench) -> Outcome:
    """Price the same stops on index options."""
    words = []
    for index in INDEXES:
        reply = await bench.line.call("GET", f"/option-chains/{index}/nested")
        listed = [each for root in reply.items for each in root.get("expirations", ())]
        later = [each for each in listed if int(each["days-to-expiration"]) >= DAYS_AHEAD[0]]
        if not later:
            words.append(f"{index}: {reply.words}, no chain")
            continue
        replies = await _stops(bench, later[0]["strikes"][-1]["call"])
        words.append(f"{index}: " + ", ".join(f"{name} {each.status}" for name, each in replies.items()))
    return recorded("; ".join(words))


async def dry_pairs(bench: Bench) -> Outcome:
    """Price four pairs of closes: which orders and times in force go together."""

    def take(force: str = "GTC") -> dict[str, Any]:
        return bench.limit(CLOSE, FAR_ABOVE, strict=True) | {"time-in-force": force}

    def stop(kind: str, force: str) -> dict[str, Any]:
        more = {} if kind == "Stop" else {"price": "0.01", "price_effect": "Credit"}
        order = bench.order(CLOSE, strict=True, order_type=kind, stop_trigger="0.01", **more)
        return order | {"time-in-force": force}

    pairs = {
        "two limits": (take(), take()),
        "Limit and Stop, Day": (take("Day"), stop("Stop", "Day")),
        "Limit and Stop Limit, GTC": (take(), stop("Stop Limit", "GTC")),
        "Limit GTC and Stop Day": (take(), stop("Stop", "Day")),
    }
    path = f"{bench.line.complexes}/dry-run"
    replies = {name: await bench.line.call("POST", path, bench.pair(*each)) for name, each in pairs.items()}
    first, day, gtc, _ = replies.values()
    holds = first.status == 422 and "invalid_oco_order_type_combo" in first.codes
    words = "; ".join(f"{name}: {reply.words}" for name, reply in replies.items())
    return expected(holds and day.status == 201 and gtc.status == 201, words)


async def conditional(bench: Bench) -> Outcome:
    """Place an order that waits for a price of the underlying, read it, and cancel it."""
    condition = {
        "action": "route",
        "symbol": UNDERLYING,
        "instrument-type": "Equity",
        "indicator": "last",
        "comparator": "lte",
        "threshold": "0.01",
    }
    body = bench.limit(BUY, "0.01", external_identifier=bench.line.name())
    reply = await bench.line.call("POST", bench.line.orders, body | {"rules": {"conditions": [condition]}})
    if not reply.ok:
        return recorded(f"{reply.words}: no conditional orders")
    order = int(reply.order["id"])
    read = await bench.line.call("GET", f"{bench.line.orders}/{order}")
    rule = "order-rule" in read.order
    ended = await bench.line.end(order)
    return recorded(f"{reply.words}; order-rule in the reply: {rule}; then {ended}")


async def pages(bench: Bench) -> Outcome:
    """Read the list of orders in large pages."""
    line = bench.line
    start = str(clock.now().date() - timedelta(days=1))
    sizes = ("200", "2000")
    replies = [
        await line.call("GET", line.orders, query={"per-page": each, "start-date": start}) for each in sizes
    ]
    found = [
        each.body.get("pagination", {}).get("per-page") if isinstance(each.body, dict) and each.ok else None
        for each in replies
    ]
    words = "; ".join(
        f"per-page {size}: {reply.words}, {page}"
        for size, reply, page in zip(sizes, replies, found, strict=True)
    )
    return expected(replies[0].ok, words)


async def quiet_stream(bench: Bench) -> Outcome:
    """Say that a stream without heartbeats is not part of a run: it takes a quarter of an hour."""
    del bench
    return not_run(
        "takes over 15 minutes and is left out: keep `trader worker` in mode sandbox connected instead"
    )
