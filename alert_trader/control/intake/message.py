"""Process a message from any interface: parse it, then open a trade, pass it to an open one, or ignore it.

Parsing is pure and comes first. Only a first message opens a trade. A message that looks like an alert but
cannot be traded opens one too, which ends at once with its denial on record; chatter never does. Exits, adds
and corrections are passed to the author's own open trade, which acts by the profile it was started with.
Nothing here changes a trade by itself.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from temporalio.client import Client

from alert_trader.control.commands import trade_commands
from alert_trader.control.errors import NoAnswerError, NotFoundError, NotPossibleError
from alert_trader.control.intake import author_trades
from alert_trader.control.start_trade import start_trade
from alert_trader.domain.alerts.alert import AlertKind, AlertMessage, Nature, ParsedAlert
from alert_trader.domain.alerts.allowlist import check_allowlist
from alert_trader.domain.alerts.parser import parse
from alert_trader.domain.alerts.parsing.corrections import may_correct
from alert_trader.domain.alerts.profile import OnAdd, Profile
from alert_trader.domain.alerts.remarks import exit_by_edit, has_words_of_loss, tickers_named
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.ids import AccountNumber
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.workflows.interface import CommandReceipt, FollowUp, Said, TradeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The rules for processing messages."""

    policy: Policy
    account: AccountNumber
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """By author id; an author without one has the policy's profile."""

    def policy_for(self, author_id: str) -> Policy:
        """Return the rules of a trade of this author."""
        profile = self.profiles.get(author_id)
        return self.policy if profile is None else self.policy.for_profile(profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeStarted:
    """The message has its own trade, which may only record its denial."""

    workflow_id: str
    started: bool
    """False when the message already had its trade."""
    parsed: ParsedAlert
    beside: tuple["IntakeResult", ...] = ()
    """How the exits in the same message were processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedToTrade:
    """The message was passed to the author's open trade, which acts on it by its profile."""

    workflow_id: str
    said: Said
    parsed: ParsedAlert
    receipt: CommandReceipt
    also: tuple[CommandReceipt, ...] = ()
    """The receipts of further trades in the same contract: an alert and its adds."""
    beside: tuple["IntakeResult", ...] = ()
    """How further exits in the same message were processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """An exit or an add without an open trade of its author that it is certainly about."""

    parsed: ParsedAlert
    why: str
    beside: tuple["IntakeResult", ...] = ()
    """How further exits in the same message were processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Chatter, or an author who is not allowed: nothing was started."""

    parsed: ParsedAlert
    beside: tuple["IntakeResult", ...] = ()
    """Always empty: beside chatter there is no exit."""


IntakeResult = TradeStarted | PassedToTrade | Unmatched | Ignored
"""How a message was processed."""


def summary_of(taken: IntakeResult) -> str:
    """Return on one line how a message was processed, with the exits beside it."""
    return "; ".join(_summary(each) for each in (taken, *taken.beside))


def _summary(taken: IntakeResult) -> str:
    match taken:
        case TradeStarted():
            kind = (
                taken.parsed.kind
                if taken.parsed.kind is not AlertKind.REFUSED
                else f"denied ({taken.parsed.code})"
            )
            return (
                f"{kind}: {'started' if taken.started else 'this message already has its trade,'} "
                f"{taken.workflow_id}"
            )
        case PassedToTrade():
            also = "".join(f"; {each.view.workflow_id}: {each.text}" for each in taken.also)
            return f"{taken.said} of {taken.workflow_id}: {taken.receipt.text}{also}"
        case Unmatched():
            return f"{taken.parsed.kind}: {taken.why}"
        case Ignored():
            return f"{taken.parsed.kind}: nothing to do"
        case _:
            assert_never(taken)


async def take(client: Client, message: AlertMessage, intake: Intake) -> IntakeResult:
    """Process a message; raises any of the errors of `control.errors`.

    The same message again changes nothing.
    """
    policy = intake.policy_for(message.author_id)
    parsed = parse(message, policy.profile.room)
    request = TradeRequest(alert=message, policy=policy, account=intake.account)
    if not parsed.also:
        return await _take_one(client, request, parsed)
    # exits come first: none of them waits for the others, or for the look-up of an entry beside them
    beside: list[IntakeResult] = []
    if check_allowlist(message, policy.allowlist) is None:
        exits = [each for each in (parsed, *parsed.also) if each.kind is AlertKind.EXIT]
        beside = await _all_exits(client, request, exits)
    if parsed.kind is AlertKind.ENTRY:
        return replace(await _take_one(client, request, parsed), beside=tuple(beside))
    return replace(beside[0], beside=tuple(beside[1:])) if beside else Ignored(parsed=parsed)


async def _all_exits(
    client: Client, request: TradeRequest, exits: Sequence[ParsedAlert]
) -> list[IntakeResult]:
    """Pass on every exit of a message. After all were passed on, the first failure is raised."""
    answers = await asyncio.gather(
        *(_exit(client, request, replace(each, also=())) for each in exits), return_exceptions=True
    )
    failed = next((each for each in answers if isinstance(each, BaseException)), None)
    if failed is not None:
        raise failed
    return [each for each in answers if not isinstance(each, BaseException)]


async def _take_one(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult:
    """Process a message that is one thing, or the entry of a message with exits beside it."""
    if check_allowlist(request.alert, request.policy.allowlist) is None:
        passed = await _passed(client, request, parsed)
        if passed is not None:
            return passed
        if parsed.kind is AlertKind.ENTRY:
            request = await _check_correction(client, request, parsed)
    if parsed.kind in {AlertKind.CHATTER, AlertKind.EXIT, AlertKind.ADD}:
        return Ignored(parsed=parsed)
    return await _open(client, request, parsed)


async def _passed(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult | None:
    """Pass a message to the trade it is about; None when it is about none."""
    if request.alert.nature is Nature.EDIT:
        return await _edited(client, request, parsed)
    match parsed.kind:
        case AlertKind.EXIT:
            return await _exit(client, request, parsed)
        case AlertKind.ADD:
            return await _add(client, request, parsed)
        case AlertKind.CHATTER | AlertKind.REFUSED if may_correct(request.alert.shown):
            return await _correction(client, request, parsed) or await _remark(client, request, parsed)
        case AlertKind.CHATTER:
            return await _remark(client, request, parsed)
        case _:
            return None


async def _open(client: Client, request: TradeRequest, parsed: ParsedAlert) -> TradeStarted:
    opened = await start_trade(client, request)
    return TradeStarted(workflow_id=opened.workflow_id, started=opened.started, parsed=parsed)


async def _exit(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult:
    found = await author_trades.matching_trades(client, request.alert, parsed, request.account)
    return (
        await _pass_on(client, request.alert, parsed, Said.EXIT, found.trades)
        if found.trades
        else Unmatched(parsed=parsed, why=found.why)
    )


async def _add(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult:
    """Record an add at its trade, or open its own trade, with its own orders and limits."""
    found = await author_trades.matching_trades(client, request.alert, parsed, request.account)
    if not found.trades:
        return Unmatched(parsed=parsed, why=found.why)
    if request.policy.profile.adds is OnAdd.IGNORED:
        return await _pass_on(client, request.alert, parsed, Said.ADD, found.trades[:1])
    return await _open(client, replace(request, adds_to=found.trades[0].workflow_id), parsed)


async def _edited(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult | None:
    """Pass an edited message to its trade; without one, an edit is denied like any other message."""
    alert = request.alert
    view = await author_trades.answered_trade(client, alert.message_id)
    if view is None or view.phase is Phase.DONE or view.message.shown == alert.shown:
        return None
    # an edit has the id of the message it edits, so each wording of it is passed on once
    closes = exit_by_edit(view.message, alert, request.policy.profile.room)
    if closes is not None and author_trades.may_be(closes, view.parsed):
        trades = (author_trades.from_view(view),)
        return await _pass_on(client, alert, closes, Said.PROPOSED_EXIT, trades)
    return await _pass_on(client, request.alert, parsed, Said.CORRECTION, (author_trades.from_view(view),))


async def _remark(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult | None:
    """Pass talk of a loss or stop to the author's open trades in a ticker that it names."""
    alert = request.alert
    named = tickers_named(alert.shown) if has_words_of_loss(alert.shown) else frozenset()
    if not named:
        return None
    try:
        trades = await author_trades.open_trades(client, alert.author_id, request.account)
    except (NoAnswerError, NotPossibleError):
        return None
    meant = tuple(
        each
        for each in trades
        if each.message.posted_at <= alert.posted_at
        and each.parsed is not None
        and each.parsed.symbol in named
    )
    return await _pass_on(client, alert, parsed, Said.REMARK, meant) if meant else None


async def _correction(client: Client, request: TradeRequest, parsed: ParsedAlert) -> IntakeResult | None:
    """Record a possible correction of the last alert: at its open trade, else in a denied trade."""
    alert = request.alert
    since = alert.posted_at - request.policy.safety.correction_window
    last = await author_trades.last_trade(client, alert, request.account, since=since)
    if last is None:
        return None
    if last.view is not None:
        return await _pass_on(client, alert, parsed, Said.CORRECTION, (author_trades.from_view(last.view),))
    return await _open(client, replace(request, corrects=last.workflow_id), parsed)


async def _check_correction(client: Client, request: TradeRequest, parsed: ParsedAlert) -> TradeRequest:
    """Require a person's approval for an entry that differs in one field from the author's last open one."""
    alert = request.alert
    since = alert.posted_at - request.policy.safety.correction_window
    try:
        trades = await author_trades.open_trades(client, alert.author_id, request.account, since=since)
    except (NoAnswerError, NotPossibleError):
        # starting a trade needs no worker; without one nobody can compare the alerts, so a person decides
        last = await author_trades.last_trade(client, alert, request.account, since=since)
        return request if last is None else replace(request, corrects=last.workflow_id)
    for trade in trades:
        if trade.message.message_id != alert.message_id and author_trades.differs_in_one_field(
            parsed, trade.parsed
        ):
            with contextlib.suppress(NoAnswerError):  # the new trade names it too
                await _pass_on(client, alert, parsed, Said.CORRECTION, (trade,))
            return replace(request, corrects=trade.workflow_id)
    return request


async def _pass_on(
    client: Client,
    message: AlertMessage,
    parsed: ParsedAlert,
    said: Said,
    trades: tuple[author_trades.OpenTrade, ...],
) -> IntakeResult:
    """Pass a message to trades, all at once: a sale, or a trade that does not answer, delays none.

    A trade that ended meanwhile is left out. After all were asked, the first failure is raised.
    """
    follow_up = FollowUp(message=message, parsed=parsed, said=said)
    answers = await asyncio.gather(
        *(trade_commands.follow_up(client, each.workflow_id, follow_up) for each in trades),
        return_exceptions=True,
    )
    receipts = [each for each in answers if isinstance(each, CommandReceipt)]
    failed = [each for each in answers if isinstance(each, BaseException)]
    lost = next((each for each in failed if not isinstance(each, (NotPossibleError, NotFoundError))), None)
    if lost is not None:
        raise lost
    if not receipts:
        return Unmatched(parsed=parsed, why=str(failed[-1]))
    first, *also = receipts
    return PassedToTrade(
        workflow_id=first.view.workflow_id, said=said, parsed=parsed, receipt=first, also=tuple(also)
    )
