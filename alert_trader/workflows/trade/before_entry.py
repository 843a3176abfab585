"""The steps of a trade before its entry: parse the alert, size it, decide what follows, wait for approval."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import (
        PARSE_ALERT,
        SIZE_ENTRY,
        ParseRequest,
        SizeAnswer,
        SizedEntry,
        SizeRequest,
    )
    from alert_trader.domain.alerts.alert import ParsedAlert
    from alert_trader.domain.alerts.allowlist import check_allowlist
    from alert_trader.domain.alerts.parser import check_expiry
    from alert_trader.domain.alerts.profile import Approval, OnAdd
    from alert_trader.domain.audit.event import EventKind
    from alert_trader.domain.denial import Code, Denied
    from alert_trader.domain.execution.policy import Mode
    from alert_trader.domain.exits.sale_times import check_times
    from alert_trader.domain.market.trading_hours import TradingHours
    from alert_trader.domain.money import plain
    from alert_trader.domain.trade.lifecycle import Trigger
    from alert_trader.domain.trade.view import Offer, OfferKind
    from alert_trader.workflows import activity_options
    from alert_trader.workflows.activity_options import run_activity, run_local_activity
    from alert_trader.workflows.trade.alert_checks import check_opens_trade
    from alert_trader.workflows.trade.commands import TradeCommands
    from alert_trader.workflows.trade.dry_run import ask_admission, planned_orders
    from alert_trader.workflows.trade.timed_sale import time_facts
    from alert_trader.workflows.waiting import wait


class StepsBeforeEntry(TradeCommands):
    """Each step ends with one trigger of the lifecycle's table. Nothing is sent in any of them."""

    async def _parse(self) -> Trigger:
        alert = self._request.alert
        self._record(
            EventKind.RECEIVED,
            f"Alert: {alert.text}",
            author=alert.author_id,
            channel=alert.channel_id,
            posted_at=alert.posted_at,
        )
        denied = check_allowlist(alert, self._request.policy.allowlist)
        if denied is not None:
            return self._deny(denied)
        # local: the first step of a trade is on the way to its order, and reading twice does no harm
        self._state.parsed = parsed = await run_local_activity(
            PARSE_ALERT,
            ParseRequest(alert=alert, room=self._request.policy.profile.room),
            answer=ParsedAlert,
            options=activity_options.PARSE,
            summary="parse the alert",
        )
        hours = TradingHours(closures=self._request.policy.closures)
        denied = check_opens_trade(parsed, self._request) or check_expiry(parsed, alert.posted_at, hours)
        if denied is not None:
            return self._deny(denied)
        price = "at the mid" if parsed.price is None else f"at {plain(parsed.price)}"
        self._record(
            EventKind.PARSED,
            f"Read: buy {parsed.symbol} {parsed.strike}{parsed.right} {parsed.expiry} {price}",
            price=parsed.price,
        )
        return Trigger.PARSED

    async def _size(self) -> Trigger:
        state = self._state
        assert state.parsed is not None
        approved = state.approval
        request = SizeRequest(
            alert=self._request.alert,
            parsed=state.parsed,
            policy=self._request.policy,
            approved_at=state.approved_at,
            most=None if approved is None else approved.quantity,
            highest=None if approved is None else approved.ceiling,
        )
        try:
            with self._calls.one():
                answer = await run_activity(
                    SIZE_ENTRY,
                    request,
                    answer=SizeAnswer,
                    options=activity_options.SIZE,
                    summary="confirm the contract, price it, size it",
                )
        except ActivityError as failed:
            reason = (
                f"The broker did not answer within {activity_options.SIZE_LIMIT.total_seconds():.0f} "
                f"s: {failed.cause}"
            )
            return self._deny(Denied(code=Code.BROKER_UNAVAILABLE, reason=reason))
        if answer.entry is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        denied = self._check_times(answer.entry)
        if denied is not None:
            return self._deny(denied)
        state.sized = sized = answer.entry
        text = (
            f"{sized.sizing.quantity} x {sized.listing.contract} ({sized.sizing.cap}): first limit "
            f"{plain(sized.first_limit)}, "
            f"ceiling {plain(sized.ceiling)}, quote {plain(sized.quote.bid)} / {plain(sized.quote.ask)}"
        )
        self._record(
            EventKind.SIZED,
            text,
            quantity=sized.sizing.quantity,
            limit=sized.first_limit,
            ceiling=sized.ceiling,
            cap=sized.sizing.cap,
        )
        # after a reset the command may be from the first run, whose orders are at the broker
        if state.buying_stopped is not None and not state.early_reports:
            return self._deny(state.buying_stopped)
        return await self._decide(sized)

    async def _decide(self, sized: SizedEntry) -> Trigger:
        """Decide what happens to a sized entry: show it, ask a person, record a dry run, or buy."""
        profile = self._request.policy.profile
        if profile.approval is Approval.WATCH:
            self._record_plan(sized, EventKind.WATCHED)
            return Trigger.WATCHED
        adds = self._request.adds_to is not None and profile.adds is OnAdd.APPROVAL
        asks = profile.approval is Approval.ASK or adds or self._request.corrects is not None
        asks = asks or self._departure() is not None
        if asks and self._state.approval is None:
            return Trigger.ASKED
        if self._request.policy.mode is Mode.DRY_RUN:
            return await self._dry_run(sized)
        return Trigger.SIZED

    async def _ask(self) -> Trigger:
        """Wait for a person's approval. What is approved is priced again, and its age counts from then."""
        state = self._state
        assert state.sized is not None
        window = self._request.policy.safety.approval_window
        until = workflow.now() + window
        quantity = state.sized.sizing.quantity
        text = f"buy {quantity} x {state.sized.listing.contract} up to {plain(state.sized.ceiling)}"
        state.make_offer(
            Offer(
                id=self._request.alert.message_id,
                kind=OfferKind.ENTRY,
                text=text,
                quantity=quantity,
                until=until,
            )
        )
        corrects = "" if self._request.corrects is None else f". It may correct {self._request.corrects}"
        departs = self._departure()
        unusual = "" if departs is None else f". Unusual for the author: {departs}"
        self._record(
            EventKind.ASKED,
            f"Waiting for approval: {text}{corrects}{unusual}",
            quantity=quantity,
            until=until.isoformat(),
        )
        await wait(
            lambda: state.approval is not None or state.buying_stopped is not None,
            until,
            "for a person's approval",
        )
        state.withdraw_offer()
        if state.buying_stopped is not None:
            return self._deny(state.buying_stopped)
        if state.approval is None:
            reason = f"Nobody approved the entry within {window.total_seconds():.0f} s."
            return self._deny(Denied(code=Code.APPROVAL_EXPIRED, reason=reason))
        state.approved_at = workflow.now()
        return Trigger.APPROVED

    # What the steps share

    def _check_times(self, sized: SizedEntry) -> Denied | None:
        """Deny an entry that a time of the exit plan would sell within its own window."""
        policy, now = self._request.policy, workflow.now()
        hours = TradingHours(closures=policy.closures, session=sized.session)
        window = policy.ladder.window + policy.ladder.conversion_wait
        try:
            check_times(policy.exits.plan, time_facts(sized, now), now=now, window=window, hours=hours)
        except ValueError as impossible:
            return Denied(code=Code.TIME_EXIT_TOO_NEAR, reason=f"Time exit too near: {impossible}")
        return None

    def _departure(self) -> str | None:
        parsed = self._state.parsed
        return None if parsed is None else self._request.policy.profile.habits.departure(parsed)

    def _deny(self, denied: Denied) -> Trigger:
        self._state.reason = text = f"{denied.code}: {denied.reason}"
        self._record(EventKind.DENIED, text, **{"code": denied.code, **denied.facts})
        return Trigger.DENIED

    async def _dry_run(self, sized: SizedEntry) -> Trigger:
        """Record the orders that would be sent, if the account admits them."""
        answer = await ask_admission(sized, self._request.alert)
        if answer.admitted is None:
            assert answer.denied is not None
            return self._deny(answer.denied)
        self._state.dry_run_recorded = True
        text = (
            f"The account would admit {answer.admitted.quantity} contracts and reserve "
            f"{plain(answer.admitted.reserved)} dollars"
        )
        self._record(
            EventKind.ADMITTED, text, quantity=answer.admitted.quantity, reserved=answer.admitted.reserved
        )
        self._record_plan(sized, EventKind.DRY_RUN)
        return Trigger.DRY_RUN

    def _record_plan(self, sized: SizedEntry, kind: EventKind) -> None:
        """Record the orders that would be sent."""
        text, facts = planned_orders(sized, self._request.policy)
        self._record(kind, text, **facts)
