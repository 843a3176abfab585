"""ENT-20, EXT-10: the properties notice when the code breaks.

Each mutant is one small change that a person could make by mistake.
"""

import re
import types
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from alert_trader import domain
from alert_trader.domain.denial import Denied
from alert_trader.domain.execution import protective_ladder
from alert_trader.domain.execution.policy import SalePolicy, SizingPolicy
from alert_trader.domain.market.quotes import PENNY, Quote
from alert_trader.domain.money import Price
from tests.stateful.ledger_machine import LedgerMachine

pytestmark = pytest.mark.timeout(360)  # how soon a mutant is found is chance

FOLDER = Path(domain.__file__).parent
# found is enough: no time is spent on making the example small
LOOK = settings(
    max_examples=1500,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    print_blob=False,
)

LEDGER = {
    "the first slice ends the order": (
        "return self.status.terminal and not self.fills_missing",
        "return self.status.terminal or self.filled > 0",
    ),
    "a fill counts each time it is reported": (
        "self.fills.setdefault(fill.fill_id, fill)",
        (
            "self.fills.setdefault(FillId(f'{fill.fill_id}{len(self.fills)}'), "
            "replace(fill, fill_id=FillId(str(len(self.fills)))))"
        ),
    ),
    "an old report reverts the status": (
        "if _RANK[report.status] > _RANK[self.status]:",
        "if report.status is not self.status:",
    ),
    "a requested cancel is a cancellation": (
        "return self.status.terminal and not self.fills_missing",
        "return self.status is OrderStatus.CANCELLING or (self.status.terminal and not self.fills_missing)",
    ),
    "an end is believed before its fills are shown": (
        "return self.status.terminal and not self.fills_missing",
        "return self.status.terminal",
    ),
    "an old count replaces a newer one": (
        "self.counted = max(self.counted, report.quantity - report.remaining)",
        "self.counted = report.quantity - report.remaining",
    ),
    "a cancelled order forgets what it filled": (
        "return sum(fill.quantity for fill in self.fills)\n",
        "return 0 if self.status is OrderStatus.CANCELLED else sum(fill.quantity for fill in self.fills)\n",
    ),
    "an order of unknown outcome is not open": (
        "case OrderState.INTENDED | OrderState.UNKNOWN:\n                return False",
        "case OrderState.INTENDED | OrderState.UNKNOWN:\n                return True",
    ),
    "a replacement not seen yet does not count": ("return not self._unseen and all(", "return all("),
    "an order enlarged in the app is still small": (
        "return max(self.quantity - self.filled, *(each.open for each in self.versions.values()), 0)",
        "return max(self.quantity - self.filled, 0)",
    ),
    "what filled in another contract is ours": (
        "known.apply(report, ours=not wrong)",
        "known.apply(report, ours=True)",
    ),
    "an unreadable report is one of another contract": ('wrong = report.symbol != "" and not', "wrong = not"),
    "only exits that were seen are open": (
        "return sum(order.open for order in self.open_exits)\n",
        "return sum(order.open for order in self.open_exits if order.state is OrderState.ACKNOWLEDGED)\n",
    ),
    "another trade's order is adopted": (
        "if ours is not None and ours[0] == self.message else None",
        "if ours is not None else None",
    ),
    "a late answer overwrites what the venue reported": (
        "if order.state is not OrderState.ACKNOWLEDGED:\n            order.state = state",
        "if state is not None:\n            order.state = state",
    ),
    "a replaced order is acted on": (
        "return max(\n            working or",
        "return min(\n            working or",
    ),
}
EXITS = {
    "what is planned already is not counted": (
        "due = exit_target(bought, policy) - planned",
        "due = exit_target(bought, policy)",
    ),
    "an exit is sized by all that was bought": ("ProfitTake(quantity=due,", "ProfitTake(quantity=bought,"),
    "the minimum is sold whether due or not": (
        "    if due < max(policy.min_quantity, 1):\n        return None\n",
        "    if bought == 0:\n        return None\n    due = max(due, 1)\n",
    ),
    "the share is not capped by what was bought": (
        "return min(int((policy.fraction * bought).to_integral_value(ROUND_FLOOR)), bought)",
        "return int((policy.fraction * bought).to_integral_value(ROUND_FLOOR)) + min(bought, 1)",
    ),
}
SIZING = {
    "the largest cap decides": ("cap = min(limits,", "cap = max(limits,"),
    "contracts are rounded up": ("to_integral_value(ROUND_FLOOR)", "to_integral_value('ROUND_CEILING')"),
    "fees are forgotten": ("(fixed, notional_each + each)", "(fixed * 0, notional_each)"),
    "the allocation is of what is there now": (
        "policy.allocation * reference - fixed",
        "policy.allocation * available - fixed",
    ),
    "buying power is not looked at": ("_contracts(available - fixed", "_contracts(reference - fixed"),
    "an alert's quantity is an order": (
        "    quantity = limits[cap]\n",
        "    quantity = limits[cap] if alert_quantity is None else alert_quantity\n",
    ),
    "nothing becomes one": ("    quantity = limits[cap]\n", "    quantity = max(limits[cap], 1)\n"),
}
SALE = {
    "the floor is not looked at": (
        "limit=max(ticks.buy(wanted), ladder.floor)",
        "limit=ticks.buy(wanted) or ladder.floor",
    ),
    "the floor is a share of the last price": (
        "return replace(ladder, limit=",
        "return replace(ladder, floor=ticks.sell(ladder.limit / 2), limit=",
    ),
    "a better bid lifts the price": ("wanted = min(wanted, bid)", "wanted = bid"),
    "a bid is a price whatever the ask": ("if spread < 0 or spread >", "if spread < 0 and spread >"),
    "a halted quote is a price": ("if quote is None or quote.halted or", "if quote is None or"),
}


def mutated(name: str, change: tuple[str, str]) -> types.ModuleType:
    """Load a module of the domain with one change made to its text.

    How the text is laid out does not matter.
    """
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    place = re.sub(r"(\\ |\\\n|\s)+", r"\\s+", re.escape(change[0].strip())).replace(r"\(", r"\(\s*")
    found = re.findall(place, text)
    assert len(found) == 1, (
        f"expected the mutant's place once in domain/{name}.py, found it {len(found)} times"
    )
    module = types.ModuleType(f"mutant.{name}")
    module.__dict__["replace"] = __import__("dataclasses").replace
    exec(compile(text.replace(found[0], change[1].strip()), f"mutant of {name}.py", "exec"), module.__dict__)
    return module


def sizing_holds(size: Callable[..., Any]) -> None:
    """ENT-20: the quantity is within every limit, each worked out here from its own definition."""
    dollars = st.decimals(min_value=-1000, max_value=20_000, places=2)

    @LOOK
    @given(
        reference=dollars,
        available=dollars,
        ceiling=st.decimals(min_value="0.01", max_value=20, places=2).map(Price),
        alerted=st.none() | st.integers(1, 12),
        share=st.decimals(min_value=0, max_value=1, places=2),
    )
    def holds(
        reference: Decimal, available: Decimal, ceiling: Price, alerted: int | None, share: Decimal
    ) -> None:
        policy = SizingPolicy(allocation=share)
        found = size(
            policy=policy, reference=reference, available=available, ceiling=ceiling, alert_quantity=alerted
        )
        if isinstance(found, Denied):
            return
        cost = found.quantity * ceiling * 100 + policy.fees.opening(found.quantity)
        assert 1 <= found.quantity <= policy.max_contracts
        assert found.quantity <= (found.quantity if alerted is None else alerted)
        assert cost <= available
        assert cost <= share * reference
        assert found.quantity * ceiling * 100 <= policy.max_notional

    holds()


def sale_holds(begin: Callable[..., Any], go_on: Callable[..., Any]) -> None:
    """STP-60: no price of a sale is under its floor, worked out here from its own definition."""
    price = st.decimals(min_value=0, max_value=6, places=2).map(Price)
    moment = datetime(2035, 5, 8, 14, tzinfo=UTC)
    quotes = st.builds(
        partial(Quote, at=moment, bid_size=1, ask_size=1), bid=price, ask=price, halted=st.booleans()
    )

    @LOOK
    @given(first=quotes, later=st.lists(st.tuples(quotes, st.booleans()), max_size=8))
    def holds(first: Quote, later: list[tuple[Quote, bool]]) -> None:
        ladder = begin(first, day=moment.date(), policy=SalePolicy(), ticks=PENNY)
        assert ladder is None or not first.halted
        if ladder is None:
            return
        wide = first.ask - first.bid > max(first.mid, Decimal("0.05"))
        worth = first.mid if wide or first.bid <= 0 else first.bid
        last = ladder.limit
        assert last >= PENNY.buy(worth)
        for quote, lower in later:
            ladder = go_on(ladder, quote, lower=lower, ticks=PENNY)
            assert PENNY.valid(ladder.limit)
            assert PENNY.buy(worth / 2) <= ladder.limit <= last
            last = ladder.limit

    holds()


def ledger_holds(**broken: Any) -> None:
    """Every check of the ledger machine, with parts of it put in the place of the real ones."""
    machine = type("Mutant", (LedgerMachine,), broken)
    run_state_machine_as_test(machine, settings=LOOK)


@pytest.mark.parametrize("change", LEDGER.values(), ids=LEDGER)
def test_a_broken_ledger_is_detected(change: tuple[str, str]) -> None:
    """ENT-20, EXT-10: the stateful test fails for each way to book an order wrongly."""
    broken = mutated("orders/ledger", change)
    with pytest.raises(AssertionError):
        ledger_holds(ledger_module=broken)


@pytest.mark.parametrize("change", EXITS.values(), ids=EXITS)
def test_a_broken_exit_is_detected(change: tuple[str, str]) -> None:
    """EXT-10: the stateful test fails for each way to plan more exits than the fills cover."""
    broken = mutated("execution/exits", change)
    with pytest.raises(AssertionError):
        ledger_holds(exits_module=broken)


@pytest.mark.parametrize("change", SIZING.values(), ids=SIZING)
def test_a_broken_sizing_is_detected(change: tuple[str, str]) -> None:
    """ENT-20: the sizing property fails for each way to buy more than a limit allows."""
    broken = mutated("execution/sizing", change)
    with pytest.raises(AssertionError):
        sizing_holds(broken.size)


def test_the_unmodified_code_passes() -> None:
    """ENT-20: the same sizing property passes on the real module.

    The machine's own test shows that for the ledger and the exits.
    """
    sizing_holds(mutated("execution/sizing", ("def size(", "def size(")).size)


@pytest.mark.parametrize("change", SALE.values(), ids=SALE)
def test_a_broken_protective_ladder_is_detected(change: tuple[str, str]) -> None:
    """STP-60: a check of every price fails for each way to sell too cheaply."""
    broken = mutated("execution/protective_ladder", change)
    with pytest.raises(AssertionError):
        sale_holds(broken.begin_sale, broken.continue_sale)


def test_the_protective_ladder_itself_passes() -> None:
    """STP-60: what detects the mutants is passed by the rules as they are."""
    sale_holds(protective_ladder.begin_sale, protective_ladder.continue_sale)
