"""Gather everything that an entry rests on, at once, and let the domain size it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from alert_trader import clock
from alert_trader.activities.account_client import AccountClient, AccountUnreachableError
from alert_trader.activities.messages import SIZE_ENTRY, SizeAnswer, SizedEntry, SizeRequest
from alert_trader.broker.port import (
    AccountStatus,
    Balances,
    ChainGap,
    MarketSession,
    OrderReader,
    RejectedError,
)
from alert_trader.domain.account.preflight import may_buy_options, may_day_trade, restrictions
from alert_trader.domain.alerts.alert import ParsedAlert
from alert_trader.domain.denial import Code, Denied
from alert_trader.domain.execution.ladder import ceiling, entry_checks, first_limit, fit_to_session
from alert_trader.domain.execution.policy import Policy
from alert_trader.domain.execution.sizing import size
from alert_trader.domain.ids import Leg, client_order_id
from alert_trader.domain.market.contract import OptionContract
from alert_trader.domain.market.quotes import Listing, Quote
from alert_trader.domain.market.trading_hours import TradingHours, check_last_day, entries_end, stated
from alert_trader.domain.money import Usd, plain
from alert_trader.domain.orders.order import OrderIntent, OrderKind, Side
from alert_trader.domain.orders.time_in_force import TIME_IN_FORCE, OrderPurpose

REFERENCE_PAUSES = (0.2, 0.5, 1.0)
"""Seconds between questions for the day's buying power: when a day begins, the account is still reading
it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFunds:
    """The buying power, now and at the day's start."""

    balances: Balances
    reference: Usd
    read_at: datetime


class SizeActivity:
    """Sizes an entry from the account, the chain and the market."""

    def __init__(self, reader: OrderReader, account: AccountClient) -> None:
        """Read with `reader`, which cannot send, and ask `account` for the day's buying power."""
        self._reader = reader
        self._account = account

    @activity.defn(name=SIZE_ENTRY)
    async def size_entry(self, request: SizeRequest) -> SizeAnswer:
        """Confirm the contract, price and size the entry, and have the broker check it.

        Raise when the broker does not answer.
        """
        try:
            answer = await self._sized_or_denied(request)
        except RejectedError as no:
            reason = f"The broker's dry-run rejected the order: {no.code}: {no.detail}"
            answer = Denied(
                code=Code.BROKER_CHECK_FAILED, reason=reason, facts={"code": no.code, "detail": no.detail}
            )
        return SizeAnswer(denied=answer) if isinstance(answer, Denied) else SizeAnswer(entry=answer)

    async def _sized_or_denied(self, request: SizeRequest) -> SizedEntry | Denied:
        asked = alerted_contract(request.parsed)
        read_at = clock.now()
        listing, status, balances, session, reference = await asyncio.gather(
            self._reader.listing(asked),
            self._reader.status(),
            self._reader.balances(),
            self._reader.session(),
            self._reference(),
        )
        denied = _not_allowed_to_open(status, balances, session) or _not_listed(listing, asked)
        if denied is not None:
            return denied
        assert isinstance(listing, Listing)
        session_ends = _session_end(request.policy, listing, session, read_at)
        if isinstance(session_ends, Denied):
            return session_ends
        quote = await self._reader.quote(listing.contract)
        price, safety = request.parsed.price, request.policy.safety
        fresh_from = request.approved_at or request.alert.posted_at
        wrong = entry_checks(
            posted_at=fresh_from, alert_price=price, quote=quote, now=clock.now(), safety=safety
        )
        if wrong is not None:
            return wrong
        assert quote is not None
        if isinstance(reference, Denied):
            return reference
        return await self._sized(
            request,
            listing,
            quote,
            AccountFunds(balances=balances, reference=reference, read_at=read_at),
            session,
            session_ends,
        )

    async def _reference(self) -> Usd | Denied:
        """Ask for the day's buying power, a few times while the account has just begun its day."""
        for pause in (*REFERENCE_PAUSES, None):
            try:
                reference = await self._account.reference()
            except AccountUnreachableError as failed:
                return Denied(
                    code=Code.ACCOUNT_UNREACHABLE,
                    reason=f"The account did not answer: {failed}. Exits continue",
                )
            if reference is not None or pause is None:
                break
            await asyncio.sleep(pause)
        if reference is None:
            reason = "The buying power at the day's start is not known yet: check that the broker answers"
            return Denied(code=Code.ACCOUNT_NOT_READY, reason=reason)
        return reference

    async def _sized(
        self,
        request: SizeRequest,
        listing: Listing,
        quote: Quote,
        funds: AccountFunds,
        session: MarketSession,
        session_ends: datetime,
    ) -> SizedEntry | Denied:
        """Price, size and check an entry in a confirmed contract."""
        first = first_limit(request.parsed.price, quote, listing.ticks)
        if isinstance(first, Denied):
            return first
        highest = ceiling(request.parsed.price, first, request.policy.ladder, listing.ticks)
        if request.highest is not None:
            highest = min(highest, request.highest)
            if first > highest:
                reason = (
                    f"The market moved above the approved price: at most {plain(highest)} was "
                    f"approved, the entry needs {plain(first)}"
                )
                return Denied(
                    code=Code.PRICE_FAR_FROM_MARKET,
                    reason=reason,
                    facts={"price": plain(first), "approved": plain(highest)},
                )
        spendable = funds.balances.derivative_buying_power
        sizing = size(
            policy=request.policy.sizing_of(request.parsed.label),
            reference=funds.reference,
            available=spendable,
            ceiling=highest,
            alert_quantity=request.parsed.quantity,
            approved=request.most,
            underlying=listing.contract.underlying,
        )
        if isinstance(sizing, Denied):
            return sizing
        check = await self._reader.check(
            OrderIntent(
                client_order_id=client_order_id(request.alert.message_id, Leg.ENTRY, 1),
                contract=listing.contract,
                side=Side.BUY_TO_OPEN,
                quantity=sizing.quantity,
                kind=OrderKind.LIMIT,
                limit=highest,
                time_in_force=TIME_IN_FORCE[OrderPurpose.ENTRY],
            )
        )
        return SizedEntry(
            listing=listing,
            sizing=sizing,
            first_limit=first,
            ceiling=highest,
            quote=quote,
            buying_power=Usd(spendable),
            read_at=funds.read_at,
            reference=funds.reference,
            check=check,
            market_opens_at=session.opens_at,
            alert_price=request.parsed.price,
            fees_each=Usd(request.policy.sizing.fees.opening(1, listing.contract.underlying)),
            market_closes_at=session.closes_at,
            session_ends=session_ends,
        )


def alerted_contract(parsed: ParsedAlert) -> OptionContract:
    """Return the contract of an entry alert, which names every part of it."""
    assert parsed.symbol is not None
    assert parsed.expiry is not None
    assert parsed.right is not None
    assert parsed.strike is not None
    return OptionContract(root=parsed.symbol, expiry=parsed.expiry, right=parsed.right, strike=parsed.strike)


def _not_allowed_to_open(status: AccountStatus, balances: Balances, session: MarketSession) -> Denied | None:
    named = restrictions(
        closed=status.closed,
        frozen=status.frozen,
        closing_only=status.closing_only,
        options_level=status.options_level,
    )
    if not may_day_trade(
        margin=status.margin, flagged=status.pattern_day_trader, equity=balances.net_liquidating
    ):
        named += (
            f"flagged as a pattern day trader with {plain(balances.net_liquidating)} dollars of equity",
        )
    if named:
        reason = f"The account may not open positions: {', '.join(named)}. Ask the broker to remove this"
        code = Code.ACCOUNT_RESTRICTED if may_buy_options(status.options_level) else Code.OPTIONS_LEVEL
        return Denied(
            code=code,
            reason=reason,
            facts={"restrictions": ", ".join(named), "options_level": status.options_level},
        )
    return None if session.open_now else _market_closed(session)


def _session_end(
    policy: Policy, listing: Listing, session: MarketSession, read_at: datetime
) -> datetime | Denied:
    """Return when the session ends for an entry in the listed contract; denied when it does not fit in."""
    hours = TradingHours(
        closures=policy.closures, session=stated(read_at, session.opens_at, session.closes_at)
    )
    contract = listing.contract
    over = check_last_day(contract.root, contract.expiry, listing.settlement, read_at, hours)
    if over is not None:
        return over
    ends = entries_end(listing, session.closes_at, read_at, hours)
    if ends is None:
        return _market_closed(session)
    fitted = fit_to_session(policy.ladder, starts=clock.now(), session_ends=ends)
    return fitted if isinstance(fitted, Denied) else ends


def _market_closed(session: MarketSession) -> Denied:
    opens = session.opens_at.isoformat() if session.opens_at else "not known"
    reason = f"The options market is closed (opens {opens}): entries are sent in the regular session only"
    return Denied(code=Code.MARKET_CLOSED, reason=reason, facts={"opens_at": opens})


def _not_listed(listing: Listing | ChainGap, asked: OptionContract) -> Denied | None:
    if isinstance(listing, Listing):
        return None
    if listing.adjusted:
        return Denied(
            code=Code.CONTRACT_ADJUSTED,
            reason=f"{listing.reason}; its price and its value at expiration are not those of 100 shares",
            facts={"asked": str(asked)},
        )
    nearest = ", ".join(str(contract) for contract in listing.nearest) or "none"
    reason = f"expected {asked} on the broker's chain: {listing.reason}; nearest listed: {nearest}"
    return Denied(
        code=Code.CONTRACT_NOT_LISTED, reason=reason, facts={"asked": str(asked), "nearest": nearest}
    )
