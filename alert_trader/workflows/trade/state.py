"""What is known of a trade while it lives, and how others see it: its story, and its commands, work on this."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import ORDER_REPORT_SIGNAL, SizedEntry
    from alert_trader.domain.alerts.alert import ParsedAlert
    from alert_trader.domain.audit.event import EventKind, TradeEvent
    from alert_trader.domain.denial import Denied
    from alert_trader.domain.execution.expiration import ExpirationOutcome
    from alert_trader.domain.money import Price
    from alert_trader.domain.orders.order import OrderReport
    from alert_trader.domain.trade.lifecycle import TradeLifecycle
    from alert_trader.domain.trade.view import Offer, TradeView
    from alert_trader.workflows import metrics, search_attributes
    from alert_trader.workflows.interface import (
        CARD_QUERY,
        EVENTS_QUERY,
        SHOW_CARD_SIGNAL,
        VIEW_QUERY,
        CardState,
        TradeRequest,
    )
    from alert_trader.workflows.trade.card_publisher import CardPublisher
    from alert_trader.workflows.trade.entry import Entry
    from alert_trader.workflows.trade.exits import Exits
    from alert_trader.workflows.trade.journal import Journal
    from alert_trader.workflows.trade.notifier import Notifier
    from alert_trader.workflows.trade.order_manager import OrderManager
    from alert_trader.workflows.trade.partial_exits import PartialExits
    from alert_trader.workflows.trade.view import build_view, details


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A person's yes to an entry: to how many contracts at most, and up to what price."""

    by: str
    quantity: int
    ceiling: Price


class TradeState:
    """A trade as it stands."""

    def __init__(self, request: TradeRequest) -> None:
        """Set the trade up before any handler runs."""
        self._request = request
        self._life = TradeLifecycle()
        title = f"{request.alert.author_name or request.alert.author_id}: {request.alert.text}"
        self._journal = Journal(workflow.info().workflow_id, title, self._refresh)
        self._telling = Notifier(self._journal, self.view)
        self._cards = CardPublisher(self._journal, self.view, request.account)
        self._parsed: ParsedAlert | None = None
        self._sized: SizedEntry | None = None
        self._desk: OrderManager | None = None
        self._entry: Entry | None = None
        self._exits: Exits | None = None
        self._sales: PartialExits | None = None
        self._reason: str | None = None
        self._unwanted: Denied | None = None
        """Why nothing more is to be bought, once somebody said so."""
        self._close_asked = False
        self._closed_by = ""
        self._offer: Offer | None = None
        """What waits for a person's word."""
        self._approved: Approved | None = None
        """That word, where it was yes to the entry."""
        self._approved_at: datetime | None = None
        self._leftover = ExpirationOutcome.NOT_KNOWN
        """What contracts are worth that are held until they stop trading."""
        self._early: list[OrderReport] = []
        self._beside: list[asyncio.Task[None]] = []
        self._over = False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start work beside the story; should it fail, the story fails with it."""
        task = asyncio.create_task(work)
        self._beside.append(task)
        return task

    def _record(self, kind: EventKind, text: str, /, **facts: object) -> None:
        self._journal.record(workflow.now(), kind, text, **facts)

    def _refresh(self) -> None:
        """Bring the trade's page in the Web UI up to date, and count what happened."""
        metrics.count(self._journal.events)
        workflow.set_current_details(details(self.view(), self._journal.events))

    def _index(self) -> None:
        """Bring the columns of lists up to date."""
        phase = self._life.outcome or self._life.phase
        updates: list[SearchAttributeUpdate[Any]] = [search_attributes.PHASE.value_set(phase)]
        if self._parsed is not None and self._parsed.symbol is not None:
            updates.append(search_attributes.SYMBOL.value_set(self._parsed.symbol))
        pnl = self.view().pnl
        if pnl is not None:
            updates.append(search_attributes.PNL.value_set(float(pnl)))
        workflow.upsert_search_attributes(updates)

    # What others see, and what the venue says

    @property
    def _held(self) -> int:
        """Contracts held now."""
        return 0 if self._exits is None else self._exits.position

    @property
    def _waits(self) -> str:
        """Say what the trade waits for at the venue; empty when it is nothing."""
        return "" if self._desk is None or self._over else self._desk.waiting.text

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> TradeView:
        """Show the trade as it stands."""
        return build_view(
            request=self._request,
            workflow_id=workflow.info().workflow_id,
            received_at=workflow.info().start_time,
            life=self._life,
            parsed=self._parsed,
            sized=self._sized,
            ledger=None if self._desk is None else self._desk.ledger,
            position=self._held,
            step="" if self._entry is None else self._entry.step,
            reason="; ".join(text for text in (self._reason, self._waits) if text) or None,
            events=self._journal.events,
            offer=self._offer,
            leftover=self._leftover,
        )

    @workflow.query(name=EVENTS_QUERY)
    def events(self) -> list[TradeEvent]:
        """Give the audit trail."""
        return list(self._journal.events)

    @workflow.query(name=CARD_QUERY)
    def card(self) -> CardState:
        """Say where the trade's card is, and whether it is up to date."""
        return replace(self._cards.state, wanted=self._request.policy.cards)

    @workflow.signal(name=SHOW_CARD_SIGNAL)
    def show_card(self) -> None:
        """Have the card shown again."""
        self._cards.show_again()

    @workflow.signal(name=ORDER_REPORT_SIGNAL)
    def order_report(self, report: OrderReport) -> None:
        """Take in what the venue says of an order."""
        if self._desk is None:
            self._early.append(report)
        else:
            self._desk.note(report)
