"""Every fault at every call, and every death at every activity, in every scenario (UNK-40, EXT-10, DUR-10).

A scenario is played once as it should go; then again for each thing that can go wrong in it: each call to the
broker lost, refused, stalled or answered badly; each message of the order stream lost, doubled or reordered;
each activity lost with its worker, before and after it ran; and with a worker that keeps nothing between two
workflow tasks. Then several of these at once. Afterwards the trade must be over with nothing held, the books
must be those of the venue, no order may work, every history must replay, and the oracle find nothing.

`TRADER_SEED` chooses the cases of the short form, and a failure prints it. By default it follows the source
of workflows and activities: one commit plays the same cases everywhere. `make soak` plays all single faults,
and many pairs and triples.
"""

import os
import zlib
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from alert_trader.workflows.trade import workflow
from tests.workflows.exploration.driver import COLD, Case, chosen, clean, explore
from tests.workflows.exploration.scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.timeout(900)


def _sources() -> int:
    """Return a number that changes with each change of the workflows and activities."""
    root = Path(workflow.__file__).parents[2]
    files = sorted(path for folder in ("activities", "workflows") for path in (root / folder).rglob("*.py"))
    return zlib.crc32(b"".join(path.read_bytes() for path in files))


SEED = int(os.environ.get("TRADER_SEED") or _sources())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
async def test_a_share_of_the_faults(env: WorkflowEnvironment, scenario: Scenario) -> None:
    """Some single faults, pairs and triples of each scenario, others with each seed."""
    await _finds_nothing(env, scenario, singles=5, pairs=2, triples=1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
async def test_every_fault(env: WorkflowEnvironment, scenario: Scenario) -> None:
    """All single faults of each scenario, and a hundred pairs and triples."""
    await _finds_nothing(env, scenario, singles=None, pairs=60, triples=40)


async def _finds_nothing(
    env: WorkflowEnvironment, scenario: Scenario, *, singles: int | None, pairs: int, triples: int
) -> None:
    points = await clean(env, scenario)
    cases = [
        Case(scenario, (COLD,)),
        *chosen(scenario, points, 1, singles, SEED),
        *chosen(scenario, points, 2, pairs, SEED),
        *chosen(scenario, points, 3, triples, SEED),
    ]
    table = await explore(env, cases)
    print(f"seed {SEED}, {len(points)} points\n{table}")  # noqa: T201 - the table
    assert not table.failures, f"TRADER_SEED={SEED}\n" + "\n".join(table.failures)
