"""The checks of `trader doctor` for the mirrors, which no trade needs."""

import asyncio
from datetime import datetime, timedelta

from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.doctor_finding import Finding
from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries.housekeeping import ROUNDS_IN_RETENTION, HousekeepingState, housekeeping
from alert_trader.domain.market.calendar import eastern
from alert_trader.mirrors.address import without_credentials
from alert_trader.mirrors.hot import MirrorAwayError
from alert_trader.mirrors.reader import QueryError
from alert_trader.runtime.local import redis_server
from alert_trader.runtime.local.process import StackError
from alert_trader.runtime.mirrors import mirrors
from alert_trader.settings.model import Settings

_LATE_AFTER_ROUNDS = 3
"""Housekeeping is late when its last run is this many intervals ago."""


async def examine(in_force: Settings) -> list[Finding]:
    """Check Redis and the archive."""
    kept = mirrors(in_force)
    findings = [_redis_binary(in_force)]
    if kept.hot is None:
        fix = "set TRADER_REDIS_URL, or use `trader up`; until then recent events are read from Temporal"
        findings.append(Finding(name="Redis", ok=False, found="not configured", fix=fix, needed=False))
    else:
        findings.append(await _redis(in_force))
    sql = "select count(*), min(day), max(day) from trades"
    try:
        count, first, last = (await asyncio.to_thread(kept.reader.query, sql)).rows[0]
    except (OSError, QueryError) as error:
        fix = "check TRADER_ARCHIVE; `trader audit rebuild` writes the trades that Temporal still keeps"
        findings.append(
            Finding(name="archive", ok=False, found=str(error).splitlines()[0], fix=fix, needed=False)
        )
    else:
        place = without_credentials(in_force.archive_place)
        days = f", from {first} to {last}" if count else ""
        findings.append(Finding(name="archive", ok=True, found=f"{count} trades{days} in {place}"))
    return findings


async def examine_schedule(client: Client, in_force: Settings, retention: timedelta) -> Finding:
    """Check that closed trades are archived well before Temporal deletes them."""
    try:
        state = await housekeeping(client)
    except UnreachableError as error:
        return Finding(
            name="housekeeping",
            ok=False,
            found=str(error),
            fix="check address and credentials",
            needed=False,
        )
    found, fix = housekeeping_finding(
        state, retention=retention, wanted=in_force.housekeeping_every, now=clock.now()
    )
    return Finding(name="housekeeping", ok=not fix, found=found, fix=fix, needed=False)


def housekeeping_finding(
    state: HousekeepingState, *, retention: timedelta, wanted: timedelta, now: datetime
) -> tuple[str, str]:
    """Return the state of housekeeping, and what to do; the latter is empty when all is well."""
    start = "start the housekeeper: trader housekeeper, or trader up"
    if state.every is None:
        return "not scheduled: closed trades are not archived", start
    every = f"every {state.every.total_seconds():g} s"
    if state.paused:
        return (
            f"{every}, paused: closed trades are not archived",
            "unpause the schedule `housekeeping` (Web UI, Schedules)",
        )
    if state.last_end is None:
        return f"{every}; no run has completed yet", start
    if state.every * ROUNDS_IN_RETENTION > retention:
        longest = (retention / ROUNDS_IN_RETENTION).total_seconds()
        fix = f"set TRADER_HOUSEKEEPING_EVERY to {longest:g} s or less, or raise the retention"
        kept = f"Temporal keeps trades {retention.days} days"
        return f"{every}; {kept}, fewer than {ROUNDS_IN_RETENTION} runs", fix
    ago = now - state.last_end
    found = f"{every}, last run {ago.total_seconds():.0f} s ago; Temporal keeps trades {retention.days} days"
    trouble = None if state.last is None else state.last.problem
    if trouble is not None:
        return f"{found}; last run failed: {trouble}", "fix the cause; the next run catches up"
    return found, start if ago > _LATE_AFTER_ROUNDS * max(state.every, wanted) + timedelta(minutes=1) else ""


def _redis_binary(in_force: Settings) -> Finding:
    fix = "only needed for `trader up`: install redis-server, or set TRADER_REDIS_BINARY"
    try:
        found = redis_server.find_binary(in_force.redis_binary)
    except StackError as error:
        return Finding(name="redis program", ok=False, found=str(error), fix=fix, needed=False)
    return Finding(
        name="redis program",
        ok=found is not None,
        found=str(found or "none"),
        fix="" if found else fix,
        needed=False,
    )


async def _redis(in_force: Settings) -> Finding:
    hot = mirrors(in_force).hot
    assert hot is not None
    try:
        version, complete = await hot.ping(), await hot.complete_at()
        await hot.try_writing()
    except MirrorAwayError as error:
        fix = "start it, or correct TRADER_REDIS_URL; trades are not affected, and it catches up by itself"
        return Finding(name="Redis", ok=False, found=str(error), fix=fix, needed=False)
    finally:
        await hot.aclose()
    if complete is None:
        return Finding(
            name="Redis",
            ok=False,
            found=f"version {version}; may be incomplete",
            fix="wait for the next run of housekeeping",
            needed=False,
        )
    return Finding(name="Redis", ok=True, found=f"version {version}; complete as of {eastern(complete)}")
