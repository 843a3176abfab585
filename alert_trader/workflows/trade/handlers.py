"""What others see of a trade, and how reports reach it.

Its queries and signals, and the collaborators they share.

The commands (`commands.py`) and the steps (`workflow.py`) are built on it.
"""

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import ORDER_REPORT_SIGNAL
    from alert_trader.domain.audit.event import EventKind, TradeEvent
    from alert_trader.domain.orders.order import OrderReport
    from alert_trader.domain.trade.view import TradeView
    from alert_trader.workflows import metrics, search_attributes
    from alert_trader.workflows.interface import (
        CARD_QUERY,
        EVENTS_QUERY,
        SHOW_CARD_SIGNAL,
        VIEW_QUERY,
        CardState,
        TradeRequest,
    )
    from alert_trader.workflows.receipts import Receipts
    from alert_trader.workflows.trade.card_publisher import CardPublisher
    from alert_trader.workflows.trade.continuation import Continuation
    from alert_trader.workflows.trade.entry import Entry
    from alert_trader.workflows.trade.exits import Exits
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.notifier import Notifier
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.partial_exits import PartialExits
    from alert_trader.workflows.trade.price_watch import PriceWatch
    from alert_trader.workflows.trade.tasks import TaskName, Tasks
    from alert_trader.workflows.trade.timed_sale import TimedSale
    from alert_trader.workflows.trade.unsent import BrokerCalls
    from alert_trader.workflows.trade.view import build_view, details
    from alert_trader.workflows.trade_state import TradeState, carried_state


class TradeHandlers:
    """A trade as queries and signals reach it."""

    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs, with the state of the run before."""
        self._request = replace(request, carried=None)
        carried = request.carried
        self._state = (
            TradeState(received_at=workflow.info().start_time) if carried is None else carried_state(carried)
        )
        self._tasks = Tasks()
        title = f"{request.alert.author_name or request.alert.author_id}: {request.alert.text}"
        counted = metrics.TradeMetrics(self._state.events)
        self._journal = Journal(self._state, workflow.info().workflow_id, title, counted.count)
        self._receipts = Receipts(self._state.receipts)
        self._calls = BrokerCalls()
        self._continuation = Continuation()
        self._notifier = Notifier(self._state, self._journal, self._view, self._calls, self._continuation)
        self._card = CardPublisher(
            self._state, self._journal, self._view, request.account, self._calls, self._continuation
        )
        # these six begin with the entry
        self._orders: OrderManager | None = None
        self._entry: Entry | None = None
        self._exits: Exits | None = None
        self._partial_exits: PartialExits | None = None
        self._timed_sale: TimedSale | None = None
        self._price_watch: PriceWatch | None = None

    def _start(self, name: TaskName, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(name, work)

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)

    def page(self) -> str:
        """Return the trade's page in the Web UI."""
        return details(self.view(), self._journal.events)

    def _index(self) -> None:
        """Update the search attributes, which are the columns of lists."""
        life, parsed = self._state.lifecycle, self._state.parsed
        phase = life.outcome or life.phase
        updates: list[SearchAttributeUpdate[Any]] = [search_attributes.PHASE.value_set(phase)]
        if parsed is not None and parsed.symbol is not None:
            updates.append(search_attributes.SYMBOL.value_set(parsed.symbol))
        pnl = self.view().pnl
        if pnl is not None:
            updates.append(search_attributes.PNL.value_set(float(pnl)))
        workflow.upsert_search_attributes(updates)

    @property
    def _retrying(self) -> str:
        """Say what is being retried at the broker; empty when nothing is."""
        return "" if self._orders is None or self._state.over else self._orders.retries.text

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> TradeView:
        """Return the trade as it is now."""
        return self._view()

    def _view(self, most_orders: int | None = None) -> TradeView:
        """Return the trade with the last `most_orders` orders, and the older ones that may still fill."""
        return build_view(
            self._request,
            workflow.info().workflow_id,
            self._state,
            retrying=self._retrying,
            most_orders=most_orders,
        )

    @workflow.query(name=EVENTS_QUERY)
    def events(self) -> list[TradeEvent]:
        """Return the audit trail."""
        return list(self._journal.events)

    @workflow.query(name=CARD_QUERY)
    def card(self) -> CardState:
        """Return where the trade's card is, and whether it is up to date."""
        return replace(self._card.progress, wanted=self._request.policy.cards)

    @workflow.signal(name=SHOW_CARD_SIGNAL)
    def show_card(self) -> None:
        """Show the card again."""
        self._card.show_again()

    @workflow.signal(name=ORDER_REPORT_SIGNAL)
    def order_report(self, report: OrderReport) -> None:
        """Apply a report of the broker; one from before the entry is kept for it."""
        if self._orders is None:
            self._state.early_reports.append(report)
        else:
            self._orders.apply_report(report)
