"""The machine of the exits notices when the code breaks: each mutant is a mistake a person could make."""

import types
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from alert_trader.domain.exits import cover, watch
from tests.stateful.exits_machine import ExitsMachine
from tests.stateful.test_mutants import LOOK, mutated

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]  # how soon a mutant is found is chance

COVER = {
    "what works does not count": (
        "free = facts.held - sum(each.can_sell for each in groups)",
        "free = facts.held - sum(each.can_sell for each in kept)",
    ),
    "what is being cancelled does not count": (
        "free = facts.held - sum(each.can_sell for each in groups)",
        "free = facts.held - sum(each.can_sell for each in groups if not each.cancelling)",
    ),
    "a sale does not wait for what works": (
        "selling = min(to_sell - covered.get((GroupKind.SALE, None), 0), free)",
        "selling = to_sell - covered.get((GroupKind.SALE, None), 0)",
    ),
    "what a sale sells is free for targets": ("        free -= selling\n", ""),
    "targets do not share the free contracts": ("            free -= quantity\n", ""),
    "targets sell again what they sold": (
        "min(max(quantity - sold, 0), left)",
        "min(quantity, left)",
    ),
    "targets sell what a sale is for": (
        "_wanted(plan, facts, max(facts.held - to_sell, 0))",
        "_wanted(plan, facts, facts.held)",
    ),
    "the largest sale does not win": (
        "min(max(each.keep, 0) for each in facts.sales)",
        "max(max(each.keep, 0) for each in facts.sales)",
    ),
    "a stop that moved stays where it was": (
        "return (group.gain, group.stop) == (self.gain, self.stop)",
        "return group.gain == self.gain",
    ),
    "too much stays": ("fits = group.can_sell <= left.get(key, 0) and", "fits = key in left and"),
    "pairs have any size": ("pair_size is None else pair_size", "pair_size is None else missing"),
    "contracts without a target have no stop": ("stop=stop, quantity=left))", "stop=stop, quantity=0))"),
    "a single contract always has a stop": (
        "return bought != 1 or plan.single_rule is not",
        "return True or",
    ),
}
WATCH = {
    "an old quote is a price": (
        "if not timedelta(0) <= now - quote.at <= rules.max_age or",
        "if",
    ),
    "a wide quote is a price": (
        "return QuoteFault.TOO_WIDE if quote.ask - quote.bid > widest else None",
        "return None",
    ),
    "a missing bid is a price": (" or quote.bid <= 0 or quote.ask <= 0", ""),
    "a trail follows the last bid": (
        "level = stop_level(self.plan, facts, before=state.level, ticks=self.ticks)",
        "level = stop_level(self.plan, replace(facts, highest_bid=quote.bid), before=None, ticks=self.ticks)",
    ),
    "a bid above the stop crosses it": (
        "if state.level is None or quote.bid > state.level.price:",
        "if state.level is None:",
    ),
}


def broken_module(real: types.ModuleType, change: tuple[str, str], *names: str) -> types.ModuleType:
    """Return a module with one change, and with the real classes of these names, which others compare."""
    broken = mutated(real.__name__.removeprefix("alert_trader.domain.").replace(".", "/"), change)
    broken.__dict__.update({name: getattr(real, name) for name in names})
    return broken


def exits_hold(**broken: Any) -> None:
    """Check all that the machine checks, with parts of it put in the place of the real ones."""
    machine = type("Mutant", (ExitsMachine,), broken)
    run_state_machine_as_test(machine, settings=settings(LOOK, max_examples=2000))


@pytest.mark.parametrize("change", COVER.values(), ids=COVER)
def test_a_broken_cover_is_detected(change: tuple[str, str]) -> None:
    """The machine fails for each way to send or cancel wrongly."""
    broken = broken_module(cover, change, "GroupKind", "Group", "Place", "Cancel", "Sale", "CoverFacts")
    with pytest.raises(AssertionError):
        exits_hold(cover_module=broken)


@pytest.mark.parametrize("change", WATCH.values(), ids=WATCH)
def test_a_broken_watch_is_detected(change: tuple[str, str]) -> None:
    """The machine fails for each way to trigger at what is no price, or to let a stop fall."""
    broken = broken_module(
        watch, change, "QuoteFault", "WatchState", "SessionHours", "Crossed", "Raised", "NoPrice"
    )
    with pytest.raises(AssertionError):
        exits_hold(watch_module=broken)
