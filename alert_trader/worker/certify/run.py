"""Make the checks one after another, and end with nothing of ours working."""

import asyncio
import functools
import logging
from collections.abc import Callable, Sequence

from alert_trader.worker.certify import orders, pairs, reads
from alert_trader.worker.certify.check import CLOSE, Bench, Check, Outcome, Verdict, expected, not_run
from alert_trader.worker.certify.line import SOURCE, TERMINAL, Line

log = logging.getLogger("alert-trader.certify")


def checks(secret: str, refresh: str) -> tuple[Check, ...]:
    """Return every check, in order."""
    token = functools.partial(reads.token, secret=secret, refresh=refresh)
    rows = (
        (1, "access token", "no envelope, 900 s", "which sandbox answers", token, ""),
        (
            2,
            "versions of the order API",
            "200, 200, 200, 406; 400",
            "TRADER_BROKER_ORDER_VERSION",
            reads.versions,
            "",
        ),
        (3, "account, status, balances, limits", "200", "options level, limits", reads.account, ""),
        (4, "chain and contract", "200 with tick sizes", "lag of symbols", reads.chain, ""),
        (0, "session", "Open or Closed", "which checks are made", reads.session, ""),
        (5, "dry run of a purchase", "201, no errors, fees", "shape of the answer", reads.dry_limit, ""),
        (6, "dry runs of wrong orders", "422 each", "error codes", reads.dry_wrong, ""),
        (7, "dry run off the tick", "201 or 422", "tick code", reads.dry_off_tick, ""),
        (8, "identifier of an order", "Live, echoed", "lost answers are found by it", orders.identifier, "s"),
        (9, "long identifiers", "?", "length and characters", orders.identifier_forms, "s"),
        (10, "replacements", "a new id each", "inheritance of the identifier", orders.replacements, "s"),
        (11, "limit to market", "accepted", "how an entry is converted", orders.limit_to_market, "s"),
        (12, "cancel twice", "Cancelled; 422", "codes of a late cancel", orders.cancel_twice, "s"),
        (13, "close of nothing", "422 strict", "code of the strict refusal", reads.close_of_nothing, ""),
        (14, "purchase, then a close", "filled, close accepted", "lag of the ledger", orders.buy, "s"),
        (15, "order off the tick", "?", "how it is refused", orders.off_tick, "s"),
        (16, "close of what is being closed", "422", "code of over-closing", orders.over_closing, "sp"),
        (17, "dry runs of stops", "?, 201, 201, 422, ?", "GTC stops on options", reads.dry_stops, "p"),
        (18, "dry runs of index stops", "?", "stops on indexes", reads.dry_index_stops, ""),
        (19, "dry runs of pairs", "422, 201, 201, ?", "what goes together", reads.dry_pairs, "p"),
        (20, "a pair", "Contingent, then Live", "identifiers of the sides", pairs.place, "sp"),
        (21, "a pair and a close", "ok, ok, 422", "how a pair is counted", pairs.partial, "sp"),
        (22, "edits of a pair", "?", "what an edit does to the pair", pairs.edits, "sp"),
        (23, "a pair that fills", "the other Cancelled", "order of the messages", pairs.fill, "sp"),
        (24, "conditional order", "?", "whether rules exist", reads.conditional, "s"),
        (25, "quiet stream", "?", "whether heartbeats are needed", reads.quiet_stream, ""),
        (26, "large pages", "200", "page limits", reads.pages, ""),
    )
    return tuple(
        Check(
            number=number,
            title=title,
            expects=expects,
            settles=settles,
            run=run,
            in_session="s" in needs,
            position="p" in needs,
        )
        for number, title, expects, settles, run, needs in rows
    )


async def run(line: Line, every: Sequence[Check], show: Callable[[Check, Outcome], None]) -> Outcome:
    """Make the checks, show each, and end what was placed; returns whether nothing is left.

    Raises NoCredentialsError from the first checks; nothing is placed before.
    """
    bench = Bench(line=line)
    first = [each for each in every if each.number in {1, 2, 3, 4, 0}]
    for check in first:
        line.step = check.number
        show(check, await check.run(bench))
    try:
        async with line.streaming() as bench.streams:
            for check in every[len(first) :]:
                line.step = check.number
                show(check, await _made(check, bench))
    finally:
        line.step = 99
        # a person who interrupts the run must not leave an order working
        left = await asyncio.shield(_end_everything(bench))
    return left


async def _made(check: Check, bench: Bench) -> Outcome:
    if not bench.symbol:
        return not_run("no contract was found in check 4")
    if check.in_session and not bench.is_open:
        return not_run("the market is closed: run it in the regular session, 09:30-16:00 ET")
    if check.position and bench.held < 1:
        return not_run("nothing was bought in checks 11 and 14")
    try:
        return await check.run(bench)
    except (KeyError, TypeError, ValueError, ArithmeticError) as unreadable:
        # an answer of another shape is a finding: it must not end the run with an order working
        log.debug("check %d", check.number, exc_info=True)
        return Outcome(verdict=Verdict.DIFFERENT, found=f"an answer of another shape: {unreadable!r}")


async def _end_everything(bench: Bench) -> Outcome:
    """Cancel by id all that was placed or carries our identifier or source, and sell what was bought."""
    line = bench.line
    line.patience = max(line.patience, 1.0)
    for pair in sorted(line.pairs):
        await line.call("DELETE", f"{line.complexes}/{pair}")
    live = await line.call("GET", f"{line.orders}/live")
    for each in live.items:
        named = str(each.get("external-identifier", "")).startswith(f"certify-{line.run}-")
        if named or each.get("source") == SOURCE:
            line.placed.add(int(each["id"]))
    working = [order for order in sorted(line.placed) if await line.end(order) not in TERMINAL]
    unsold = await _sell(bench) if bench.symbol and bench.held > 0 else 0
    words = (
        f"{len(line.placed)} orders and {len(line.pairs)} pairs placed; still working: {working or 'none'}"
    )
    return expected(live.ok and not working, f"{words}; contracts still held: {unsold}")


async def _sell(bench: Bench) -> int:
    """Sell what was bought, at any price; returns how many contracts are still held."""
    line = bench.line
    for _ in range(bench.held):
        body = bench.limit(CLOSE, "0.01", strict=True, external_identifier=line.name())
        reply = await line.call("POST", line.orders, body)
        if not reply.ok:
            break
        if await line.end_or_fill(int(reply.order["id"])) != "Filled":
            break
        bench.held -= 1
    return bench.held
