"""What people ask of a trade, and what its author says later: the updates, each with the check that it makes sense now.

A handler writes down who asked for what, sets what the story looks at, and waits a bounded time for it to happen. It never sends anything
itself. The same update sent again under its id is answered by the server with the first one's receipt.
"""

from typing import assert_never

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from alert_trader.domain.alerts.portion import Portion
    from alert_trader.domain.alerts.profile import OnExit
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.trade.lifecycle import Phase
    from alert_trader.domain.trade.view import Offer, OfferKind
    from alert_trader.workflows import timing
    from alert_trader.workflows.interface import (
        APPROVE_UPDATE,
        CANCEL_UPDATE,
        CLOSE_SIGNAL,
        CLOSE_UPDATE,
        CONVERT_UPDATE,
        FOLLOW_UPDATE,
        HALTED_SIGNAL,
        NOT_POSSIBLE,
        SELL_UPDATE,
        SKIP_UPDATE,
        Answer,
        Command,
        CommandReceipt,
        FollowUp,
        Said,
        SellOrder,
    )
    from alert_trader.workflows.trade.entry import EntryRequest
    from alert_trader.workflows.trade.state import Approved, TradeState
    from alert_trader.workflows.waiting import wait

BUYING = frozenset({Phase.RECEIVED, Phase.PARSED, Phase.AWAITING, Phase.ENTERING})
"""The phases in which something may still be bought."""

HELD = frozenset({Phase.ENTERING, Phase.HOLDING, Phase.CLOSING})
"""The phases in which something may be held."""

BEFORE_APPROVAL_ENDS = frozenset({Phase.AWAITING, Phase.PARSED})


class TradeCommands(TradeState):
    """The updates of a trade."""

    # Buying

    @workflow.update(name=CANCEL_UPDATE)
    async def cancel(self, command: Command) -> CommandReceipt:
        """Stop buying: take the entry back, keep and protect what was bought."""
        self._ask_cancel(command)
        done = await wait(
            lambda: self._life.phase not in BUYING, timing.COMMAND_WAIT, "for the cancel to be done"
        )
        return self._receipt(done=done, text="The entry is over" if done else "The entry is being taken back")

    @cancel.validator
    def _may_cancel(self, command: Command) -> None:
        if self._life.phase not in BUYING:
            raise _not_possible(
                f"expected a trade that still buys, found it {self._life.phase}: {command.by} may close it"
            )

    @workflow.update(name=CONVERT_UPDATE)
    async def convert_now(self, command: Command) -> CommandReceipt:
        """End price discovery now: convert what is left, within the ceiling."""
        entry = self._entry
        assert entry is not None
        self._note(command, "convert now")
        entry.asked = EntryRequest.CONVERT
        done = await wait(
            lambda: self._life.phase is not Phase.ENTERING,
            timing.COMMAND_WAIT,
            "for the conversion to be done",
        )
        return self._receipt(
            done=done, text="The entry is over" if done else "The remainder is being converted"
        )

    @convert_now.validator
    def _may_convert(self, command: Command) -> None:
        if self._life.phase is not Phase.ENTERING or self._entry is None or self._entry.asked is not None:
            found = (
                f"it {self._life.phase}"
                if self._entry is None or self._entry.asked is None
                else f"a {self._entry.asked} under way"
            )
            raise _not_possible(
                f"expected a working entry, found {found}: nothing for {command.by} to convert"
            )

    # Selling

    @workflow.update(name=CLOSE_UPDATE)
    async def close(self, command: Command) -> CommandReceipt:
        """Stop buying and sell everything that is held, at the market. Asked again, it is the same wish: all that waits is tried now."""
        self._note(command, "close the trade")
        return await self._close(command.by)

    @close.validator
    def _may_close(self, command: Command) -> None:
        if self._life.phase is Phase.DONE:
            raise _not_possible(
                f"expected an open trade, found it {self._life.phase}: nothing for {command.by} to close"
            )

    @workflow.update(name=SELL_UPDATE)
    async def sell(self, order: SellOrder) -> CommandReceipt:
        """Sell a part of what is held, at the market; what remains is protected again. All of it closes the trade."""
        self._note(order.command, f"sell {order.portion}")
        return await self._sell_portion(order.portion, order.command.by)

    @sell.validator
    def _may_sell(self, order: SellOrder) -> None:
        held = self._held
        if self._life.phase not in HELD or held <= 0:
            raise _not_possible(
                f"expected contracts that are held, found it {self._life.phase} with {held}: nothing to sell"
            )
        if order.portion.of(held) < 1:
            raise _not_possible(
                f"expected a part of at least 1 contract, found {order.portion} of {held}: say more, or close it"
            )

    # Approval

    @workflow.update(name=APPROVE_UPDATE)
    async def approve(self, answer: Answer) -> CommandReceipt:
        """Say yes to what the trade offers: it is done now, at today's price."""
        offer = self._taken_offer()
        self._note(answer.command, f"go on{' with half of it' if answer.half else ''} ({offer.text})")
        quantity = offer.quantity // 2 if answer.half else offer.quantity
        match offer.kind:
            case OfferKind.ENTRY:
                assert self._sized is not None
                self._approved = Approved(
                    by=answer.command.by, quantity=quantity, ceiling=self._sized.ceiling
                )
                done = await wait(
                    lambda: self._life.phase not in BEFORE_APPROVAL_ENDS,
                    timing.COMMAND_WAIT,
                    "for the approved entry",
                )
                return self._receipt(
                    done=done,
                    text="The entry is approved and priced again"
                    if done
                    else "The entry is being priced again",
                )
            case OfferKind.EXIT:
                part = Portion(count=quantity) if answer.half else offer.portion
                return await self._sell_portion(part, answer.command.by)
            case _:
                assert_never(offer.kind)

    @approve.validator
    def _may_approve(self, answer: Answer) -> None:
        offer = self._asked_about(answer)
        if workflow.now() > offer.until:
            raise _not_possible(
                f"expected an answer by {offer.until:%H:%M:%S} UTC: the offer is over, send a new alert or command"
            )
        if answer.half and offer.quantity < 2:
            raise _not_possible(
                f"expected at least 2 contracts to take half of, found {offer.quantity}: approve it whole, or skip it"
            )

    @workflow.update(name=SKIP_UPDATE)
    async def skip(self, answer: Answer) -> CommandReceipt:
        """Say no to what the trade offers."""
        offer = self._taken_offer()
        self._note(answer.command, f"leave it ({offer.text})")
        if offer.kind is OfferKind.EXIT:
            return self._receipt(done=True, text="Nothing is sold; the exit plan goes on")
        self._unwanted = Denied(code=Code.APPROVAL_SKIPPED, reason=f"{answer.command.by} said no")
        done = await wait(lambda: self._life.phase is Phase.DONE, timing.COMMAND_WAIT, "for the trade to end")
        return self._receipt(done=done, text="Nothing is bought")

    @skip.validator
    def _may_skip(self, answer: Answer) -> None:
        self._asked_about(answer)

    def _asked_about(self, answer: Answer) -> Offer:
        if self._offer is None:
            raise _not_possible(
                f"expected something that waits for a person, found none: the trade is {self._life.phase}"
            )
        if answer.offer not in {"", self._offer.id}:
            raise _not_possible(
                "expected an answer to what is offered now, found one to an older offer: look at the trade again"
            )
        return self._offer

    def _taken_offer(self) -> Offer:
        offer, self._offer = self._offer, None
        assert offer is not None
        return offer

    # What the account says

    @workflow.signal(name=HALTED_SIGNAL)
    def account_halted(self, command: Command) -> None:
        """Stop buying, since the account is halted; what is held keeps its exits."""
        if self._life.phase in BUYING:
            self._record(
                EventKind.COMMANDED,
                f"The account was halted by {command.by}. {command.reason}".strip(),
                by=command.by,
            )
            self._stop_buying(Denied(code=Code.ACCOUNT_HALTED, reason="the account was halted"))

    @workflow.signal(name=CLOSE_SIGNAL)
    def close_now(self, command: Command) -> None:
        """Stop buying and sell everything that is held, since the account is flattened. Told again, all that waits is tried now."""
        if self._life.phase is not Phase.DONE:
            self._note(command, "close the trade")
            self._ask_close(command.by)

    # What the author says later

    @workflow.update(name=FOLLOW_UPDATE)
    async def follow_up(self, said: FollowUp) -> CommandReceipt:
        """Take in a later message of the trade's author, and act on it by the author's profile."""
        facts = {"author": said.message.author_id, "message": said.message.message_id}
        quoted = f"The author wrote: {said.message.shown[:200]!r}"
        match said.said:
            case Said.CORRECTION:
                text = f"{quoted}. It may correct the alert; nothing was changed, a person must look"
                self._record(EventKind.CORRECTED, text, **facts)
                return self._receipt(done=True, text="Written down as a correction: a person must look")
            case Said.ADD:
                self._record(
                    EventKind.FOLLOWED_UP, f"{quoted}. The author added; this trade does not", **facts
                )
                return self._receipt(done=True, text="Written down: this trade does not add")
            case Said.EXIT:
                return await self._author_out(said, quoted, facts)
            case _:
                assert_never(said.said)

    @follow_up.validator
    def _may_follow_up(self, said: FollowUp) -> None:
        if said.message.author_id != self._request.alert.author_id:
            raise _not_possible(
                "expected a message of the trade's own author, found another's: nobody else acts on a trade"
            )
        if self._life.phase is Phase.DONE:
            raise _not_possible("expected an open trade, found it over")

    async def _author_out(self, said: FollowUp, quoted: str, facts: dict[str, str]) -> CommandReceipt:
        profile = self._request.policy.profile
        portion = profile.portion(said.parsed, None if self._parsed is None else self._parsed.quantity)
        if profile.exits is OnExit.IGNORED:
            self._record(
                EventKind.FOLLOWED_UP, f"{quoted}. The author's exits are ignored by the profile", **facts
            )
            return self._receipt(done=True, text="Written down: this author's exits are ignored")
        held = self._held
        if self._life.phase in BUYING:
            # what the author sells is not bought on, whoever decides about what is held
            self._stop_buying(
                Denied(code=Code.AUTHOR_OUT, reason="the author was out before everything was bought")
            )
        if self._close_asked and held > 0:
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Everything is being sold already", **facts)
            return self._receipt(done=True, text="Everything is being sold already")
        if self._life.phase not in {Phase.ENTERING, Phase.HOLDING} or held == 0:
            if self._life.phase in {Phase.ENTERING, Phase.WATCHING}:
                # a cancel is no cancellation: what fills in spite of it is not held on, or not without a person's word
                if profile.exits is OnExit.APPROVAL:
                    self._spawn(self._ask_once_held(said, quoted, portion, facts))
                elif profile.exits is OnExit.AUTOMATIC and portion.everything:
                    self._close_asked, self._closed_by = True, "the author"
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Nothing is held", **facts)
            return self._receipt(done=True, text="Nothing is held; nothing more is bought")
        if profile.exits is OnExit.AUTOMATIC:
            self._record(EventKind.FOLLOWED_UP, f"{quoted}. Selling {portion}", portion=portion, **facts)
            return await self._sell_portion(portion, "the author")
        self._offer_exit(said, quoted, portion, facts)
        return self._receipt(done=True, text="A person is asked whether to sell")

    def _offer_exit(self, said: FollowUp, quoted: str, portion: Portion, facts: dict[str, str]) -> None:
        """Ask a person whether to sell what the author's exit says."""
        assert self._exits is not None
        until = workflow.now() + self._request.policy.safety.approval_window
        text = f"sell {portion}, as the author does"
        held = self._exits.position
        offer = Offer(
            id=said.message.message_id,
            kind=OfferKind.EXIT,
            text=text,
            quantity=portion.of(held),
            until=until,
            portion=portion,
        )
        self._offer = offer
        self._record(
            EventKind.ASKED, f"{quoted}. Approve to {text}", portion=portion, until=until.isoformat(), **facts
        )
        self._spawn(self._let_expire(offer))

    async def _ask_once_held(
        self, said: FollowUp, quoted: str, portion: Portion, facts: dict[str, str]
    ) -> None:
        """Ask about an exit that came before anything was held, should something be held after all once the entry is over."""
        await wait(lambda: self._life.phase in {Phase.HOLDING, Phase.CLOSING, Phase.DONE}, None, "")
        held = self._held
        if self._life.phase is Phase.HOLDING and not self._close_asked and portion.of(held) > 0:
            self._offer_exit(said, quoted, portion, facts)

    async def _let_expire(self, offer: Offer) -> None:
        if not await wait(
            lambda: self._offer is not offer, offer.until, "for a person's word on the author's exit"
        ):
            self._offer = None
            self._record(
                EventKind.UNANSWERED, f"Nobody answered in time ({offer.text}); the exit plan goes on"
            )

    # What the handlers rest on

    async def _close(self, by: str) -> CommandReceipt:
        self._ask_close(by)
        done = await wait(lambda: self._over, timing.COMMAND_WAIT, "for the close to be done")
        if done:
            return self._receipt(done=True, text="The trade is closed")
        text = (
            "The position is being sold"
            if self._held > 0
            else "Nothing is held; whatever is still bought is sold at once"
        )
        return self._receipt(done=False, text=f"{text}. It waits: {self._waits}" if self._waits else text)

    def _ask_close(self, by: str) -> None:
        if not self._close_asked:
            self._close_asked, self._closed_by = True, by
        self._ask_now()
        self._offer = None  # whatever it was, everything is sold now
        self._stop_buying(Denied(code=Code.OPERATOR_CANCELLED, reason=f"{by} asked to close it"))

    async def _sell_portion(self, portion: Portion, by: str) -> CommandReceipt:
        if portion.everything or self._close_asked:
            return await self._close(by)
        assert self._sales is not None
        self._ask_now()
        asked = self._sales.ask(portion, by)
        done = await wait(lambda: asked.over, timing.COMMAND_WAIT, "for the part to be sold")
        waits = f". It waits: {self._waits}" if self._waits else ""
        return self._receipt(done=done, text=asked.text if done else f"Selling {portion}{waits}")

    def _ask_now(self) -> None:
        """Have all that waits for the venue tried now: a person who asks may know that it is well again."""
        if self._desk is not None:
            self._desk.waiting.ask_now()

    def _stop_buying(self, why: Denied) -> None:
        self._unwanted = self._unwanted or why
        if self._entry is not None:
            self._entry.unwanted = self._unwanted
            self._entry.asked = EntryRequest.CANCEL

    def _ask_cancel(self, command: Command) -> None:
        self._note(command, "cancel the entry")
        self._stop_buying(Denied(code=Code.OPERATOR_CANCELLED, reason=f"{command.by} cancelled it"))

    def _note(self, command: Command, what: str) -> None:
        text = f"{command.by} asked to {what}. {command.reason}".strip()
        self._record(EventKind.COMMANDED, text, by=command.by, command=command.id or None)

    def _receipt(self, *, done: bool, text: str) -> CommandReceipt:
        return CommandReceipt(accepted=True, done=done, text=text, view=self.view())


def _not_possible(words: str) -> ApplicationError:
    return ApplicationError(words, type=NOT_POSSIBLE)
