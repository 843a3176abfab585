"""What is not traded, and what the venue refuses: each with its code, and with nothing sent that should not be."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust, SetAccount
from tests.support.floor import CHANNEL, GUILD, Floor, policy


async def denied(floor: Floor, code: str, text: str | None = None, **alert: object) -> None:
    """Alert, and expect a denial with this code and no order at the venue."""
    trade = await floor.alert(text, **alert)  # type: ignore[arg-type]
    view = await trade.result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.DENIED, code)
    assert not floor.posts()
    assert (await floor.events(trade))[-2].facts["code"] == code


async def test_an_alert_without_a_right_is_refused(floor: Floor) -> None:
    """A strike without call or put is never guessed (WHO-40)."""
    await denied(floor, "PARSE_NO_RIGHT", f"BTO SPY {floor.expiry:%m/%d} 450 @ 1.20")


async def test_a_date_on_which_nothing_expires_is_refused(floor: Floor) -> None:
    """A Saturday is read as it is written, and never traded."""
    saturday = floor.expiry + timedelta(days=(5 - floor.expiry.weekday()) % 7)
    await denied(floor, "EXPIRY_NOT_TRADING_DAY", f"BTO SPY {saturday:%m/%d/%Y} 450c @ 1.20")


async def test_an_exit_alert_opens_nothing(floor: Floor) -> None:
    """STC is read as an exit, and an exit never opens a trade."""
    await denied(floor, "ALERT_NOT_ENTRY", f"STC SPY {floor.expiry:%m/%d} 450c @ 1.20")


async def test_an_author_who_is_not_listed_trades_nothing(floor: Floor) -> None:
    """Author, channel and guild are each on their list by id, or nothing happens (WHO-10)."""
    await denied(floor, "AUTHOR_NOT_ALLOWED", author="99")


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        (Allowlist(), "AUTHOR_NOT_ALLOWED"),
        (Allowlist(authors=("11",), guilds=(GUILD,)), "CHANNEL_NOT_ALLOWED"),
        (Allowlist(authors=("11",), channels=(CHANNEL,)), "GUILD_NOT_ALLOWED"),
    ],
)
async def test_an_empty_list_allows_nobody(floor: Floor, allowed: Allowlist, code: str) -> None:
    """Each of the three lists must name the id (WHO-10)."""
    await denied(floor, code, rules=policy(allowlist=allowed))


async def test_an_old_alert_is_not_traded(floor: Floor) -> None:
    """An alert older than the maximum age when it would be sent is denied (WHO-30)."""
    await denied(floor, "ALERT_TOO_OLD", age=61.0)


async def test_a_contract_that_is_not_listed_is_denied_with_what_is(floor: Floor) -> None:
    """The chain has the last word, and the denial names the nearest listed strikes."""
    trade = await floor.alert(f"BTO SPY {floor.expiry:%m/%d/%Y} 451.37c @ 1.20")
    view = await trade.result()
    assert (view.reason or "").startswith("CONTRACT_NOT_LISTED")
    assert "nearest listed: SPY" in (view.reason or "")


async def test_no_quote_is_a_denial(floor: Floor) -> None:
    """A missing quote prices nothing (RSK-40)."""
    await floor.control.remove_quote(floor.symbol)
    await denied(floor, "QUOTE_MISSING")


async def test_a_one_sided_quote_is_a_denial(floor: Floor) -> None:
    """A zero bid is no market (RSK-40)."""
    await floor.quote("0", "1.20")
    await denied(floor, "QUOTE_UNUSABLE")


async def test_a_price_far_from_the_market_is_denied(floor: Floor) -> None:
    """An alert at four times the market is a mistake somewhere."""
    await denied(floor, "PRICE_FAR_FROM_MARKET", price="4.80")


async def test_a_closed_market_is_denied(floor: Floor) -> None:
    """Entries are made in the regular session only (RSK-10)."""
    await floor.control.set_session(is_open=False)
    await denied(floor, "MARKET_CLOSED")


async def test_a_closing_only_account_is_denied(floor: Floor) -> None:
    """An account that may not open positions is found out before anything is sent."""
    await floor.control.set_account(SetAccount(number=floor.account, closing_only=True))
    await denied(floor, "ACCOUNT_RESTRICTED")


async def test_an_account_with_no_room_is_denied_with_the_cap_that_bound(floor: Floor) -> None:
    """Buying power for less than one contract at the ceiling buys none."""
    await floor.control.set_account(SetAccount(number=floor.account, cash=Decimal(100)))
    await denied(floor, "SIZE_ZERO")


async def test_a_venue_that_does_not_answer_is_a_denial(floor: Floor) -> None:
    """An alert that cannot be sized in time is let go; a read that failed is asked again first."""
    await floor.fault(kind="status", method="GET", path="*/balances*", status=503, count=None)
    await denied(floor, "BROKER_UNAVAILABLE")


async def test_the_venues_refusal_ends_the_trade_in_its_words(floor: Floor) -> None:
    """A preflight failure is a refusal: nothing was bought, nothing is repeated."""
    await floor.fault(
        kind="status",
        method="POST",
        path="*/orders",
        status=422,
        code="preflight_check_failure",
        message="One or more preflight checks failed",
        count=None,
    )
    trade = await floor.alert()
    view = await trade.result()
    assert view.outcome is Outcome.REFUSED
    assert "preflight_check_failure" in (view.reason or "")
    assert len(floor.posts("e")) == 1


async def test_an_exit_refused_by_a_lagging_ledger_is_tried_until_it_is_taken(floor: Floor) -> None:
    """The position ledger lags the fill: the strict close is refused and tried again within the five seconds (EXT-40)."""
    await floor.control.adjust(
        Adjust(timing=floor.venue.exchange.config.timing.model_copy(update={"ledger_lag": 0.5}))
    )
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    await floor.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    assert "exit_refused" in await floor.kinds(trade)


async def test_an_expired_token_heals_itself(floor: Floor) -> None:
    """A token that ends in the middle of a trade costs nothing but a refresh."""
    await floor.control.expire_tokens()
    await floor.quote("1.20", "1.20")
    trade = await floor.alert()
    await floor.until(trade, "protected", exits_working=2)
    assert (
        len(
            [
                line
                for line in floor.venue.tape.lines
                if line.kind == "order" and line.before is None and "-e" in str(line.order.client_id)
            ]
        )
        == 1
    )


async def test_a_quantity_in_the_alert_is_a_cap(floor: Floor) -> None:
    """The alert's own quantity lowers the size and never raises it."""
    await floor.quote("1.20", "1.20")
    few = await floor.alert(f"BTO 2 SPY {floor.expiry:%m/%d/%Y} 450c @ 1.20")
    many = await floor.alert(f"BTO 50 SPY {floor.expiry:%m/%d/%Y} 450c @ 1.20")
    assert (await floor.until(few, "bought", bought=2)).quantity == 2
    assert (await floor.until(many, "bought", bought=4)).quantity == replace(policy().sizing).max_contracts
