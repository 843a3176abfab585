"""What `trader doctor` says of the mirrors. None of it is needed by a trade."""

import asyncio
from datetime import datetime, timedelta

from temporalio.client import Client

from alert_trader import clock
from alert_trader.cli.finding import Finding
from alert_trader.control.errors import UnreachableError
from alert_trader.control.queries.housekeeping import ROUNDS_IN_RETENTION, HousekeepingState, housekeeping
from alert_trader.mirrors.hot import MirrorAwayError
from alert_trader.mirrors.reader import QueryError
from alert_trader.runtime.local import redis_server
from alert_trader.runtime.local.process import StackError
from alert_trader.runtime.mirrors import mirrors
from alert_trader.settings.model import Settings

_LATE = 3
"""Rounds without an end after which the last one is too long ago."""


async def examine(in_force: Settings) -> list[Finding]:
    """Look at Redis and at the archive."""
    kept = mirrors(in_force)
    findings = [_binary(in_force)]
    if kept.hot is None:
        fix = "set TRADER_REDIS_URL, or use `trader up`; recent events are told by Temporal meanwhile"
        findings.append(
            Finding(name="hot mirror", ok=False, found="off: no Redis is set", fix=fix, needed=False)
        )
    else:
        findings.append(await _redis(in_force))
    sql = "select count(*), min(day), max(day) from trades"
    try:
        count, first, last = (await asyncio.to_thread(kept.reader.query, sql)).rows[0]
    except (OSError, QueryError) as error:
        fix = "check TRADER_ARCHIVE; `trader audit rebuild` writes again what Temporal keeps"
        findings.append(
            Finding(name="archive", ok=False, found=str(error).splitlines()[0], fix=fix, needed=False)
        )
    else:
        days = f", from {first} to {last}" if count else ""
        findings.append(
            Finding(name="archive", ok=True, found=f"{count} trades{days} in {in_force.archive_place}")
        )
    return findings


async def examine_schedule(client: Client, in_force: Settings, retention: timedelta) -> Finding:
    """Look whether closed trades are archived well before Temporal forgets them."""
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
    found, fix = judge(state, retention=retention, wanted=in_force.housekeeping_every, now=clock.now())
    return Finding(name="housekeeping", ok=not fix, found=found, fix=fix, needed=False)


def judge(
    state: HousekeepingState, *, retention: timedelta, wanted: timedelta, now: datetime
) -> tuple[str, str]:
    """Say how housekeeping stands against the time that Temporal keeps trades; and what to do, if anything."""
    start = "start one: trader housekeeper (`trader up` does)"
    if state.every is None:
        return "no schedule: nothing is archived", start
    every = f"every {state.every.total_seconds():g} s"
    if state.paused:
        return (
            f"{every}, paused: nothing is archived",
            "unpause the schedule `housekeeping` (Web UI, Schedules)",
        )
    if state.last_end is None:
        return f"{every}; no round has ended yet", start
    if state.every * ROUNDS_IN_RETENTION > retention:
        fix = f"set TRADER_HOUSEKEEPING_EVERY to {(retention / ROUNDS_IN_RETENTION).total_seconds():g} s or less, or raise the retention"
        return f"{every}; trades are kept {retention.days} days, fewer than {ROUNDS_IN_RETENTION} rounds", fix
    ago = now - state.last_end
    words = f"{every}, last {ago.total_seconds():.0f} s ago; trades are kept {retention.days} days"
    problem = None if state.last is None else state.last.problem
    if problem is not None:
        return f"{words}; problem: {problem}", "solve the problem; the next round does the rest"
    return words, start if ago > _LATE * max(state.every, wanted) + timedelta(minutes=1) else ""


def _binary(in_force: Settings) -> Finding:
    fix = "needed for the hot mirror of `trader up` only: set TRADER_REDIS_BINARY, or install redis-server"
    try:
        found = redis_server.find_binary(in_force.redis_binary)
    except StackError as error:
        return Finding(name="redis binary", ok=False, found=str(error), fix=fix, needed=False)
    return Finding(
        name="redis binary",
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
        fix = "start it or correct TRADER_REDIS_URL; trades go on, and it catches up by itself"
        return Finding(name="hot mirror", ok=False, found=str(error), fix=fix, needed=False)
    finally:
        await hot.aclose()
    if complete is None:
        return Finding(
            name="hot mirror",
            ok=False,
            found=f"Redis {version}; may lack something",
            fix="wait for housekeeping",
            needed=False,
        )
    return Finding(
        name="hot mirror", ok=True, found=f"Redis {version}; complete as of {complete:%H:%M:%S} UTC"
    )
