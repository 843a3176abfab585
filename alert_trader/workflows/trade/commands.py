"""The commands of a trade: signals of people, the alert's author and the account.

The table of commands and phases (`alert_trader.domain.trade.commands`) says whether one is possible. Then it
is recorded who requested what, the state is changed by one of its events, and a bounded time is waited for
the trade to carry it out. No command sends an order itself. The receipt is published under the command's id
(`workflows/receipts.py`).
"""

from collections.abc import Awaitable, Callable
from typing import assert_never

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import CommandRefusedError
    from alert_trader.domain.alerts.portion import ALL, Portion
    from alert_trader.domain.alerts.profile import OnExit
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.exits.precedence import ExitRule
    from alert_trader.domain.exits.wording import plan_text
    from alert_trader.domain.orders.order import average_price
    from alert_trader.domain.trade.commands import ADDS_RISK, BUYING, Situation, TradeCommand, refusal
    from alert_trader.domain.trade.lifecycle import Phase
    from alert_trader.domain.trade.view import Offer, OfferKind
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import (
        CLOSE_SIGNAL,
        HALTED_SIGNAL,
        Answer,
        Command,
        CommandReceipt,
        ExitChange,
        FollowUp,
        Said,
        SellOrder,
    )
    from alert_trader.workflows.trade.handlers import TradeHandlers
    from alert_trader.workflows.trade.plan_change import changed_watch, check_change, plan_change
    from alert_trader.workflows.trade.tasks import TaskName
    from alert_trader.workflows.trade_state import Approval, AuthorExit
    from alert_trader.workflows.waiting import wait

BEFORE_ENTRY_BEGINS = frozenset({Phase.AWAITING, Phase.PARSED})
"""The phases of an entry that was approved and has not begun."""


class TradeCommands(TradeHandlers):
    """A trade as commands reach it."""

    # Buying

    @workflow.signal(name=TradeCommand.CANCEL)
    async def cancel(self, command: Command) -> None:
        """Stop buying: cancel the entry, keep and cover what was bought."""
        await self._answer(TradeCommand.CANCEL, command, lambda: self._cancel(command))

    async def _cancel(self, command: Command) -> CommandReceipt:
        self._request_cancel(command)
        done = await wait(
            lambda: self._state.lifecycle.phase not in BUYING,
            timing.COMMAND_WAIT,
            "for the cancel to be done",
        )
        return self._receipt(done=done, text="The entry is over" if done else "The entry is being cancelled")

    @workflow.signal(name=TradeCommand.CONVERT)
    async def convert_now(self, command: Command) -> None:
        """End price discovery now: convert the remainder, within the ceiling."""
        await self._answer(TradeCommand.CONVERT, command, lambda: self._convert_now(command))

    async def _convert_now(self, command: Command) -> CommandReceipt:
        entry = self._entry
        assert entry is not None
        self._record_command(command, "requested conversion now")
        entry.request_conversion()
        done = await wait(
            lambda: self._state.lifecycle.phase is not Phase.ENTERING,
            timing.COMMAND_WAIT,
            "for the conversion to be done",
        )
        return self._receipt(
            done=done, text="The entry is over" if done else "The remainder is being converted"
        )

    # Selling

    @workflow.signal(name=TradeCommand.CLOSE)
    async def close(self, command: Command) -> None:
        """Stop buying and sell everything, from the bid down.

        Requested again, everything that is being retried is tried at once.
        """
        await self._answer(TradeCommand.CLOSE, command, lambda: self._close_all(command))

    async def _close_all(self, command: Command) -> CommandReceipt:
        self._record_command(command, "requested to close the trade")
        return await self._close(command.by)

    @workflow.signal(name=TradeCommand.SELL)
    async def sell(self, order: SellOrder) -> None:
        """Sell a part of the position, from the bid down; the exit plan covers the rest.

        All of it closes the trade.
        """
        await self._answer(
            TradeCommand.SELL, order.command, lambda: self._sell_part(order), portion=order.portion
        )

    async def _sell_part(self, order: SellOrder) -> CommandReceipt:
        self._record_command(order.command, f"requested to sell {order.portion}")
        return await self._sell_portion(order.portion, order.command.by)

    @workflow.signal(name=TradeCommand.CHANGE_EXITS)
    async def change_exits(self, change: ExitChange) -> None:
        """Change what sells the position."""
        await self._answer(TradeCommand.CHANGE_EXITS, change.command, lambda: self._change_exits(change))

    async def _change_exits(self, asked: ExitChange) -> CommandReceipt:
        state, orders, exits = self._state, self._orders, self._exits
        assert state.exits is not None
        assert state.sized is not None
        assert orders is not None
        assert exits is not None
        before = state.exits.policy
        bought = orders.ledger.entry_fills
        try:
            change = plan_change(asked, workflow.now())
            policy = check_change(
                before,
                change,
                sized=state.sized,
                hours=orders.hours,
                average_entry=average_price(bought) if bought else None,
            )
        except ValueError as impossible:
            raise CommandRefusedError(f"The exits were not changed: {impossible}") from None
        watch, moved = changed_watch(state.exits, policy, change, state.sized)
        self._record_command(asked.command, f"changed the exits to: {plan_text(policy.plan)}")
        if moved is not None:
            level = None if moved.after is None else moved.after.price
            self._record(EventKind.STOP_MOVED, f"{moved}", stop=level, by=moved.by, lowered=moved.lowered)
        state.change_exits(policy, watch, times_at=None if change.times is None else change.at)
        if (policy.fraction, policy.gain) != (before.fraction, before.gain):
            exits.replace_targets()
        return self._receipt(done=True, text=f"Exits: {plan_text(policy.plan)}")

    # Approval

    @workflow.signal(name=TradeCommand.APPROVE)
    async def approve(self, answer: Answer) -> None:
        """Accept the trade's offer: it is carried out now, at today's price."""
        await self._answer(TradeCommand.APPROVE, answer.command, lambda: self._approve(answer), answer=answer)

    async def _approve(self, answer: Answer) -> CommandReceipt:
        offer = self._answered_offer()
        half = " half" if answer.half else ""
        self._record_command(answer.command, f"approved{half}: {offer.text}")
        quantity = offer.quantity // 2 if answer.half else offer.quantity
        match offer.kind:
            case OfferKind.ENTRY:
                sized = self._state.sized
                assert sized is not None
                self._state.approve(Approval(by=answer.command.by, quantity=quantity, ceiling=sized.ceiling))
                done = await wait(
                    lambda: self._state.lifecycle.phase not in BEFORE_ENTRY_BEGINS,
                    timing.COMMAND_WAIT,
                    "for the approved entry",
                )
                return self._receipt(
                    done=done,
                    text="Approved; the entry is priced again" if done else "The entry is being priced again",
                )
            case OfferKind.EXIT:
                part = Portion(count=quantity) if answer.half else offer.portion
                return await self._sell_portion(part, answer.command.by)
            case _:
                assert_never(offer.kind)

    @workflow.signal(name=TradeCommand.SKIP)
    async def skip(self, answer: Answer) -> None:
        """Decline the trade's offer."""
        await self._answer(TradeCommand.SKIP, answer.command, lambda: self._skip(answer), answer=answer)

    async def _skip(self, answer: Answer) -> CommandReceipt:
        offer = self._answered_offer()
        self._record_command(answer.command, f"declined: {offer.text}")
        if offer.kind is OfferKind.EXIT:
            return self._receipt(done=True, text="Nothing is sold; the exit plan continues")
        self._state.stop_buying(Denied(code=Code.APPROVAL_SKIPPED, reason=f"declined by {answer.command.by}"))
        done = await wait(
            lambda: self._state.lifecycle.phase is Phase.DONE, timing.COMMAND_WAIT, "for the trade to end"
        )
        return self._receipt(done=done, text="Nothing is bought")

    def _answered_offer(self) -> Offer:
        offer = self._state.withdraw_offer()
        assert offer is not None
        return offer

    # What the account requests

    @workflow.signal(name=HALTED_SIGNAL)
    def account_halted(self, command: Command) -> None:
        """Stop buying, because the account is halted; what is held keeps its exits."""
        if self._refusal(TradeCommand.ACCOUNT_HALTED) is None:
            self._record(
                EventKind.COMMANDED,
                f"Account halted by {command.by}. {command.reason}".strip(),
                by=command.by,
            )
            self._state.stop_buying(Denied(code=Code.ACCOUNT_HALTED, reason="the account was halted"))

    @workflow.signal(name=CLOSE_SIGNAL)
    def close_now(self, command: Command) -> None:
        """Stop buying and sell everything, because the account is flattened.

        Sent again, what is being retried is tried at once.
        """
        if self._refusal(TradeCommand.CLOSE_NOW) is None:
            self._record_command(command, "requested to close the trade")
            self._request_close(command.by)

    # What the author says later

    @workflow.signal(name=TradeCommand.FOLLOW_UP)
    async def follow_up(self, said: FollowUp) -> None:
        """Take in a later message of the alert's author, and act on it by the author's profile."""
        from_author = said.message.author_id == self._request.alert.author_id
        command = Command(by="the author", id=said.id)
        await self._answer(
            TradeCommand.FOLLOW_UP, command, lambda: self._follow_up(said), from_author=from_author
        )

    async def _follow_up(self, said: FollowUp) -> CommandReceipt:
        facts = {"author": said.message.author_id, "message": said.message.message_id}
        quoted = f"The author wrote: {said.message.shown[:200]!r}"
        match said.said:
            case Said.CORRECTION:
                text = f"{quoted}. It may correct the alert. Nothing was changed: check the trade"
                self._record(EventKind.CORRECTED, text, **facts)
                return self._receipt(
                    done=True, text="Recorded as a correction; nothing was changed. Check the trade"
                )
            case Said.REMARK:
                text = (
                    f"{quoted}. It may be an exit, and cannot be read. Nothing was changed: check the trade"
                )
                self._record(EventKind.CORRECTED, text, **facts)
                return self._receipt(done=True, text="Recorded; it may be an exit. Check the trade")
            case Said.ADD:
                self._record(EventKind.FOLLOWED_UP, f"{quoted}. An add; this trade does not add", **facts)
                return self._receipt(done=True, text="Recorded; this trade does not add")
            case Said.EXIT | Said.PROPOSED_EXIT:
                return await self._author_exit(said, quoted, facts)
            case _:
                assert_never(said.said)

    async def _author_exit(self, said: FollowUp, quoted: str, facts: dict[str, str]) -> CommandReceipt:
        profile, state = self._request.policy.profile, self._state
        asks = profile.exits is OnExit.APPROVAL or said.said is Said.PROPOSED_EXIT
        portion = profile.portion(said.parsed, None if state.parsed is None else state.parsed.quantity)
        if profile.exits is OnExit.IGNORED:
            self._record(
                EventKind.FOLLOWED_UP, f"{quoted}. The author's exits are ignored by the profile", **facts
            )
            return self._receipt(done=True, text="Recorded; this author's exits are ignored")
        held, phase = self._state.held, state.lifecycle.phase
        if phase in BUYING:
            # what the author sells is not bought any further, whoever decides about what is held
            state.stop_buying(
                Denied(
                    code=Code.AUTHOR_OUT, reason="the author closed the position before everything was bought"
                )
            )
        if state.close_requested_by is not None and held > 0:
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Everything is being sold already", **facts)
            return self._receipt(done=True, text="Everything is being sold already")
        if phase not in {Phase.ENTERING, Phase.HOLDING} or held == 0:
            if phase in {Phase.ENTERING, Phase.WATCHING}:
                # an order can still fill while it is cancelled: what fills is sold too, or a person is asked
                # about it
                if asks:
                    late = AuthorExit(
                        message=said.message.message_id, quoted=quoted, portion=portion, facts=facts
                    )
                    state.late_exits.append(late)
                    self._start(TaskName.LATE_EXIT_OFFER, self._offer_once_held(late))
                elif profile.exits is OnExit.AUTOMATIC and portion.everything:
                    state.request_close("the author")
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Nothing is held", **facts)
            return self._receipt(done=True, text="Nothing is held; nothing more is bought")
        if not asks:
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Selling {portion}", portion=portion, **facts)
            return await self._sell_portion(portion, "the author")
        self._offer_exit(
            AuthorExit(message=said.message.message_id, quoted=quoted, portion=portion, facts=facts)
        )
        return self._receipt(done=True, text="Waiting for approval to sell")

    def _offer_exit(self, said: AuthorExit) -> None:
        """Offer a person to sell what the author's exit says."""
        until = workflow.now() + self._request.policy.safety.approval_window
        text = f"sell {said.portion}, as the author does"
        offer = Offer(
            id=said.message,
            kind=OfferKind.EXIT,
            text=text,
            quantity=said.portion.of(self._state.held),
            until=until,
            portion=said.portion,
        )
        self._state.make_offer(offer)
        self._record(
            EventKind.ASKED,
            f"{said.quoted}. Waiting for approval: {text}",
            portion=said.portion,
            until=until.isoformat(),
            **said.facts,
        )
        self._start(TaskName.OFFER_EXPIRY, self._expire_offer(offer))

    async def _offer_once_held(self, said: AuthorExit) -> None:
        """Offer an exit that came before anything was held, if something is held when the entry is over."""
        life = self._state.lifecycle
        await wait(lambda: life.phase in {Phase.HOLDING, Phase.CLOSING, Phase.DONE}, None, "")
        closing = self._state.close_requested_by is not None
        if said not in self._state.late_exits:
            return  # a message and the beginning of a run have both started this
        self._state.late_exits.remove(said)
        if life.phase is Phase.HOLDING and not closing and said.portion.of(self._state.held) > 0:
            self._offer_exit(said)

    async def _expire_offer(self, offer: Offer) -> None:
        if not await wait(
            lambda: self._state.offer is not offer, offer.until, "for a decision on the author's exit"
        ):
            self._state.withdraw_offer()
            self._record(EventKind.UNANSWERED, f"No decision in time: {offer.text}. The exit plan continues")

    def _resume_offers(self) -> None:
        """Wait on for the decisions that the run before this one was waiting for."""
        if self._state.offer is not None:
            self._start(TaskName.OFFER_EXPIRY, self._expire_offer(self._state.offer))
        for said in self._state.late_exits:
            self._start(TaskName.LATE_EXIT_OFFER, self._offer_once_held(said))

    # What the handlers share

    async def _answer(
        self,
        name: TradeCommand,
        command: Command,
        work: Callable[[], Awaitable[CommandReceipt]],
        *,
        portion: Portion = ALL,
        answer: Answer | None = None,
        from_author: bool = True,
    ) -> None:
        """Carry out a command if it is possible now, and publish its receipt."""

        async def checked() -> CommandReceipt:
            self._check(name, self._situation(portion=portion, answer=answer, from_author=from_author))
            return await work()

        await self._receipts.answer(command, checked, adds_risk=name in ADDS_RISK)

    async def _close(self, by: str) -> CommandReceipt:
        self._request_close(by)
        done = await wait(lambda: self._state.over, timing.COMMAND_WAIT, "for the close to be done")
        if done:
            return self._receipt(done=True, text="The trade is closed")
        text = (
            "The position is being sold"
            if self._state.held > 0
            else "Nothing is held; anything that still fills is sold at once"
        )
        return self._receipt(
            done=False, text=f"{text}. Waiting for the broker: {self._retrying}" if self._retrying else text
        )

    def _request_close(self, by: str, code: Code = Code.OPERATOR_CANCELLED) -> None:
        self._state.request_close(by)
        self._retry_now()
        self._state.withdraw_offer()  # whatever it was, everything is sold now
        self._state.stop_buying(Denied(code=code, reason=f"{by} closed the trade"))

    def _sell_by_rule(self, rule: ExitRule, text: str, facts: dict[str, object]) -> None:
        """Sell everything because a rule of the exit plan says so; a sale that was requested before stays."""
        if self._state.close_requested_by is None:
            self._record(EventKind.EXIT_TRIGGERED, text, rule=rule, **facts)
            self._request_close(f"the {rule} exit", Code.EXIT_RULE)

    async def _sell_portion(self, portion: Portion, by: str) -> CommandReceipt:
        if portion.everything or self._state.close_requested_by is not None:
            return await self._close(by)
        assert self._partial_exits is not None
        self._retry_now()
        request = self._partial_exits.request(portion, by)
        done = await wait(lambda: request.done, timing.COMMAND_WAIT, "for the part to be sold")
        waits = f". Waiting for the broker: {self._retrying}" if self._retrying else ""
        return self._receipt(done=done, text=request.text if done else f"Selling {portion}{waits}")

    def _retry_now(self) -> None:
        """Try everything at once that is being retried.

        A person who requests something may know that the broker works again.
        """
        if self._orders is not None:
            self._orders.retries.retry_now()

    def _request_cancel(self, command: Command) -> None:
        self._record_command(command, "requested to cancel the entry")
        self._state.stop_buying(Denied(code=Code.OPERATOR_CANCELLED, reason=f"{command.by} cancelled it"))

    def _situation(
        self, *, portion: Portion = ALL, answer: Answer | None = None, from_author: bool = True
    ) -> Situation:
        """Return the trade as the table of commands looks at it."""
        return Situation(
            phase=self._state.lifecycle.phase,
            held=self._state.held,
            entry_started=self._entry is not None,
            entry_request=None if self._entry is None else self._entry.request_in_progress,
            offer=self._state.offer,
            now=workflow.now(),
            portion=portion,
            answers="" if answer is None else answer.offer,
            half=answer is not None and answer.half,
            from_author=from_author,
        )

    def _refusal(self, command: TradeCommand) -> str | None:
        return refusal(command, self._situation())

    def _check(self, command: TradeCommand, situation: Situation) -> None:
        text = refusal(command, situation)
        if text is not None:
            raise CommandRefusedError(text)

    def _record_command(self, command: Command, what: str) -> None:
        text = f"{command.by} {what}. {command.reason}".strip()
        self._record(EventKind.COMMANDED, text, by=command.by, command=command.id or None)

    def _receipt(self, *, done: bool, text: str) -> CommandReceipt:
        return CommandReceipt(accepted=True, done=done, text=text, view=self._view(0))
