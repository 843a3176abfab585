"""Plays a scenario with chosen faults, and looks at all of it afterwards."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from temporalio.testing import WorkflowEnvironment

from alert_trader.domain.audit import hash_chain
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.simulators.venue.tape import OrderLine
from tests.support.harness import Harness, open_harness
from tests.workflows.exploration.points import Deaths, Point, calls_of, points_of
from tests.workflows.exploration.scenarios import Play, Scenario

AT_ONCE = 4
"""Cases that are played at the same time: most of each is waiting for a timeout."""

CASE_WITHIN = 240.0
"""Seconds; the slowest ones wait for several timeouts of real time, one after another."""

COLD = Point("at each task, cold")
"""Every workflow task replays its history from the start, as after a death at each of them."""


@dataclass(frozen=True)
class Case:
    """A scenario, and what goes wrong in it."""

    scenario: Scenario
    points: tuple[Point, ...]

    def __str__(self) -> str:
        """Name it, so that it can be played again."""
        wrong = " + ".join(str(point) for point in self.points) or "nothing goes wrong"
        return f"{self.scenario.__name__}: {wrong}"


@dataclass
class Table:
    """What was played, and what was found."""

    cases: Counter[str] = field(default_factory=Counter)
    """By scenario and kind."""
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Print one line for each kind of fault of each scenario."""
        rows = [f"{count:6} {name}" for name, count in sorted(self.cases.items())]
        return "\n".join([*rows, f"{self.cases.total():6} cases, {len(self.failures)} failures"])


async def clean(env: WorkflowEnvironment, scenario: Scenario) -> list[Point]:
    """Play a scenario without faults; return every single thing that can go wrong in it."""
    deaths = Deaths()
    async with open_harness(env.client, interceptors=[deaths]) as harness:
        before = len(harness.venue.tape.lines)
        await _play(env, harness, scenario)
        lines = harness.venue.tape.lines[before:]
        changes = sum(isinstance(line, OrderLine) for line in lines)  # the stream reports each
    return points_of(calls_of(lines), changes, deaths.ran)


async def fault_of(env: WorkflowEnvironment, case: Case) -> str | None:
    """Play a case; return what is wrong, None when nothing is."""
    try:
        async with asyncio.timeout(CASE_WITHIN):
            await _run(env, case)
    except TimeoutError:
        return f"not over within {CASE_WITHIN:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return f"{type(error).__name__}: {str(error)[:1500]}"
    return None


async def _run(env: WorkflowEnvironment, case: Case) -> None:
    deaths = Deaths(case.points)
    cached = 0 if COLD in case.points else 1000
    async with open_harness(env.client, interceptors=[deaths], cached_workflows=cached) as harness:
        harness.exit_fraction = None  # faults delay exits; `_look` compares what works
        for point in case.points:
            if (rule := point.rule) is not None:
                await harness.control.arm(rule)
        await _play(env, harness, case.scenario)


async def _play(env: WorkflowEnvironment, harness: Harness, scenario: Scenario) -> None:
    play = Play(env, harness)
    with env.with_time_skipping_disabled():
        await scenario(play)
        await _look(play)


async def _look(play: Play) -> None:
    """Raise AssertionError for whatever is wrong with a trade that should be over."""
    harness, trade = play.harness, play.trade
    assert trade is not None
    view = await play.view()
    assert view.phase is Phase.DONE, f"expected it to be over, found {view.phase}: {view.last_event}"
    bought, sold = harness.fills("e"), harness.fills("x")
    assert (view.bought, view.sold, view.position) == (bought, sold, 0), (
        f"expected {bought} bought, {sold} sold and none held as at the venue, "
        f"found {view.bought}, {view.sold} and {view.position}"
    )
    working = [each for each in harness.venue.exchange.orders.values() if not each.status.terminal]
    assert not working, f"expected no working order of a trade that is over, found {working}"
    events = await play.events()
    assert hash_chain.first_fault(trade.id, events) is None
    assert None not in await play.answers()


async def explore(env: WorkflowEnvironment, cases: Sequence[Case]) -> Table:
    """Play cases, a few at once; a failing one with several faults is cut to the fewest that still fail."""
    table, turns = Table(), asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> None:
        async with turns:
            found = await fault_of(env, case)
            if found is not None and len(case.points) > 1:
                case, found = await _shrunk(env, case, found)
        for point in case.points:
            table.cases[f"{case.scenario.__name__}: {point.group}"] += 1
        if found is not None:
            table.failures.append(f"{case}\n  {found}")

    await asyncio.gather(*(one(case) for case in cases))
    return table


async def _shrunk(env: WorkflowEnvironment, case: Case, found: str) -> tuple[Case, str]:
    for size in range(1, len(case.points)):
        for fewer in itertools.combinations(case.points, size):
            smaller = Case(case.scenario, fewer)
            if (still := await fault_of(env, smaller)) is not None:
                return smaller, still
    return case, found


def chosen(
    scenario: Scenario, points: Sequence[Point], at_once: int, count: int | None, seed: int
) -> list[Case]:
    """Choose cases of so many faults at once; None for all of them.

    The same seed chooses the same ones. Of singles, each is in the choice of some seed.
    """
    if at_once == 1 and count is None:
        return [Case(scenario, (point,)) for point in points]
    pick = random.Random(f"{scenario.__name__} {at_once} {seed}")
    return [Case(scenario, tuple(pick.sample(list(points), at_once))) for _ in range(count or 0)]
