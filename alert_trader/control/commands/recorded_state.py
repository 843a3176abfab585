"""The state of a trade from what its history records, without running the trade's code.

A trade whose history the installed code does not replay can start anew with it: with every order that was
sent, and what the broker has reported of it. What only the code knew is lost: partial exits that were being
sold, offers, and commands without a receipt, but for a close.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

from alert_trader.activities.messages import (
    BUMP_ENTRY,
    CONVERT_ENTRY,
    FIND_ORDER,
    NOTIFY,
    READ_ORDER,
    SHOW_CARD,
    SIZE_ENTRY,
    SUBMIT_ENTRY,
    SUBMIT_EXIT,
    CardAnswer,
    FindAnswer,
    FindRequest,
    Notice,
    SizeAnswer,
    SubmitAnswer,
    SubmitRequest,
    SubmitResult,
)
from alert_trader.activities.receipts import adapter_of
from alert_trader.control.errors import UnreadableRecordError
from alert_trader.control.payload_codec import decrypted
from alert_trader.control.queries.history_steps import Step, StepKind, steps_of
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.exits.changes import changed_plan
from alert_trader.domain.ids import ClientOrderId
from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.orders.ledger import OrderState
from alert_trader.domain.orders.order import OrderReport
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.domain.trade.lifecycle import Phase, TradeLifecycle
from alert_trader.workflows.interface import ORDER_REPORT_SIGNAL, Command, ExitChange, TradeRequest
from alert_trader.workflows.trade.plan_change import plan_change
from alert_trader.workflows.trade_state import LostOrder, TradeState, carried_state

SENDS = frozenset({SUBMIT_ENTRY, BUMP_ENTRY, CONVERT_ENTRY, SUBMIT_EXIT})
"""Activities that send orders."""

CLOSES = frozenset({TradeCommand.CLOSE, TradeCommand.CLOSE_NOW})
"""Signals that request the sale of everything."""

_ENDED = {SubmitResult.REJECTED: OrderState.REJECTED, SubmitResult.NOT_SENT: OrderState.NOT_SENT}


def recorded_state(
    history: WorkflowHistory, codec: PayloadCodec | None, now: datetime
) -> tuple[TradeRequest, TradeState]:
    """Return the input of a trade, and its state from the history of its last run.

    The trade holds, or watches for fills where nothing was bought; it buys nothing more, and its working
    entries are cancelled. Raise UnreadableRecordError where the history does not say enough, or nothing was
    sent that could be managed.
    """
    try:
        records = _Records(steps_of(decrypted(history, codec)))
        records.apply()
    except (ValidationError, KeyError, IndexError) as wrong:
        raise UnreadableRecordError(
            f"the history of {history.workflow_id} cannot be read: {str(wrong).splitlines()[0]}"
        ) from wrong
    return records.request, records.finished(now, history.workflow_id)


class _Records:
    """Applies the steps of a history to the state with which it began."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.request: TradeRequest = _read(TradeRequest, steps[0].inputs[0])
        carried = self.request.carried
        self.state = TradeState(received_at=steps[0].at) if carried is None else carried_state(carried)
        self._sent: dict[ClientOrderId, tuple[SubmitRequest, Step]] = {}

    def apply(self) -> None:
        """Apply every step."""
        by_activity: dict[str, Callable[[Step], None]] = {
            SIZE_ENTRY: self._size,
            READ_ORDER: lambda step: self._report(step.output),
            FIND_ORDER: self._find,
            NOTIFY: self._notice,
            SHOW_CARD: self._card,
            **dict.fromkeys(SENDS, self._send),
        }
        for step in self._steps:
            if step.kind is StepKind.ACTIVITY and step.name in by_activity:
                by_activity[step.name](step)
            elif step.kind is StepKind.SIGNAL and step.name == ORDER_REPORT_SIGNAL:
                self._report(step.inputs[0])
            elif step.kind is StepKind.SIGNAL and step.name in CLOSES and step.failure is None:
                self.state.request_close(_read(Command, step.inputs[0]).by)
            elif step.kind is StepKind.SIGNAL and step.name == TradeCommand.CHANGE_EXITS:
                self._change_exits(step)

    def _change_exits(self, step: Step) -> None:
        """Apply a change of the exit plan; one that was refused then is refused now."""
        if self.state.exits is None or step.failure is not None:
            return
        change = plan_change(_read(ExitChange, step.inputs[0]), step.at)
        policy = self.state.exits.policy
        with contextlib.suppress(ValueError):
            policy = policy.with_plan(changed_plan(policy.plan, change))
        times_at = None if change.times is None else step.at
        self.state.change_exits(policy, None, times_at=times_at)

    def _size(self, step: Step) -> None:
        if step.output is not None:
            self.state.sized = _read(SizeAnswer, step.output).entry or self.state.sized

    def _send(self, step: Step) -> None:
        request = _read(SubmitRequest, step.inputs[0])
        name = request.intent.client_order_id
        if self.state.orders is None:
            self.state.begin_entry(
                self.request.alert.message_id,
                fresh_from=self.request.alert.posted_at,
                now=step.at,
                search_from=new_york_date(step.at) - timedelta(days=1),
                policy=self.request.policy.exits_of(self.state.parsed),
            )
        assert self.state.orders is not None
        ledger = self.state.orders.ledger
        ledger.intend(request.intent)
        self._sent[name] = (request, step)
        if step.output is None:
            return
        answer = _read(SubmitAnswer, step.output)
        if answer.report is not None:
            ledger.apply(answer.report, name)
        elif answer.result in _ENDED:
            ledger.settle(name, _ENDED[answer.result])

    def _find(self, step: Step) -> None:
        if step.output is not None and (found := _read(FindAnswer, step.output)).report is not None:
            assert self.state.orders is not None
            name = _read(FindRequest, step.inputs[0]).intent.client_order_id
            self.state.orders.ledger.apply(found.report, name)

    def _report(self, data: Any) -> None:
        if data is None:
            return
        report = _read(OrderReport, data)
        if self.state.orders is None:
            self.state.early_reports.append(report)
        else:
            self.state.orders.ledger.apply(report)

    def _notice(self, step: Step) -> None:
        known = len(self.state.events)
        notice = _read(Notice, step.inputs[0])
        self.state.events += [each for each in notice.events if each.sequence > known]

    def _card(self, step: Step) -> None:
        if step.output is not None:
            self.state.card.place = _read(CardAnswer, step.output).place

    def finished(self, now: datetime, workflow_id: str) -> TradeState:
        """Return the state from which a fresh run continues."""
        state = self.state
        if state.orders is None or state.entry is None or state.sized is None:
            raise UnreadableRecordError(f"{workflow_id} has sent no order")
        ledger = state.orders.ledger
        for report in state.early_reports:
            ledger.apply(report)
        for name, (request, step) in self._sent.items():
            order = ledger.order(name)
            if order.state in {OrderState.INTENDED, OrderState.UNKNOWN}:
                ledger.settle(name, OrderState.UNKNOWN)
                state.orders.lost.setdefault(
                    name, LostOrder(intent=request.intent, intended_at=step.at, lost_at=now)
                )
        state.orders.sending.clear()
        state.orders.retries.clear()
        state.orders.cancelling = [each.client_order_id for each in ledger.open_entries]
        if state.held == 0 and not (ledger.open_entries or ledger.open_exits):
            raise UnreadableRecordError(f"{workflow_id} holds nothing, and no order of it works")
        state.lifecycle = TradeLifecycle(phase=Phase.HOLDING if ledger.bought > 0 else Phase.WATCHING)
        state.parsed = state.parsed or parse(self.request.alert, self.request.policy.profile.room)
        state.notified = len(state.events)
        state.card.in_doubt, state.card.sent, state.card.shown = True, 0, 0
        state.account.last = None  # it is reported anew
        state.entry.order, state.entry.admitted, state.entry.reserved = None, True, True
        state.entry.end_reason = state.entry.end_reason or "the trade was started anew"
        if state.exits is not None:
            state.exits.pricing.clear()
            state.exits.partial = state.exits.pause = state.exits.sale_from = None
            state.exits.requests = [each for each in state.exits.requests if each.done]
            state.exits.stopped = False
        state.offer = None
        state.next_check = now  # working orders and the position are read at once
        state.receipts.clear()
        return state


def _read(kind: Any, data: Any) -> Any:
    return adapter_of(kind).validate_json(json.dumps(data))
