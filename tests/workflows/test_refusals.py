"""Alerts that are denied and orders that are rejected: each with its code."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alert_trader.domain.alerts.allowlist import Allowlist
from alert_trader.domain.trade.lifecycle import Outcome, Phase
from alert_trader.simulators.venue.commands import Adjust, SetAccount
from tests.support.harness import CHANNEL, GUILD, Harness, policy


async def denied(harness: Harness, code: str, text: str | None = None, **alert: object) -> None:
    """Alert, and expect a denial with this code and no order at the venue."""
    trade = await harness.alert(text, **alert)  # type: ignore[arg-type]
    view = await trade.result()
    assert (view.outcome, (view.reason or "").partition(":")[0]) == (Outcome.DENIED, code)
    assert not harness.posts()
    assert (await harness.events(trade))[-2].facts["code"] == code


async def test_an_alert_without_a_right_is_refused(harness: Harness) -> None:
    """A strike without call or put is never guessed (WHO-40)."""
    await denied(harness, "PARSE_NO_RIGHT", f"BTO SPY {harness.expiry:%m/%d} 450 @ 1.20")


async def test_a_date_on_which_nothing_expires_is_refused(harness: Harness) -> None:
    """A Saturday is read as it is written, and never traded."""
    saturday = harness.expiry + timedelta(days=(5 - harness.expiry.weekday()) % 7)
    await denied(harness, "EXPIRY_NOT_TRADING_DAY", f"BTO SPY {saturday:%m/%d/%Y} 450c @ 1.20")


async def test_an_exit_alert_opens_nothing(harness: Harness) -> None:
    """STC is read as an exit, and an exit never opens a trade."""
    await denied(harness, "ALERT_NOT_ENTRY", f"STC SPY {harness.expiry:%m/%d} 450c @ 1.20")


async def test_an_author_who_is_not_listed_trades_nothing(harness: Harness) -> None:
    """Author, channel and guild are each on their list by id, or nothing happens (WHO-10)."""
    await denied(harness, "AUTHOR_NOT_ALLOWED", author="99")


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        (Allowlist(), "AUTHOR_NOT_ALLOWED"),
        (Allowlist(authors=("11",), guilds=(GUILD,)), "CHANNEL_NOT_ALLOWED"),
        (Allowlist(authors=("11",), channels=(CHANNEL,)), "GUILD_NOT_ALLOWED"),
    ],
)
async def test_an_empty_list_allows_no_author(harness: Harness, allowed: Allowlist, code: str) -> None:
    """Each of the three lists must name the id (WHO-10)."""
    await denied(harness, code, rules=policy(allowlist=allowed))


async def test_an_old_alert_is_not_traded(harness: Harness) -> None:
    """An alert older than the maximum age when it would be sent is denied (WHO-30)."""
    await denied(harness, "ALERT_TOO_OLD", age=61.0)


async def test_a_contract_that_is_not_listed_is_denied_with_what_is(harness: Harness) -> None:
    """The chain has the last word, and the denial names the nearest listed strikes."""
    trade = await harness.alert(f"BTO SPY {harness.expiry:%m/%d/%Y} 451.37c @ 1.20")
    view = await trade.result()
    assert (view.reason or "").startswith("CONTRACT_NOT_LISTED")
    assert "nearest listed: SPY" in (view.reason or "")


async def test_no_quote_is_a_denial(harness: Harness) -> None:
    """A missing quote prices nothing (RSK-40)."""
    await harness.control.remove_quote(harness.symbol)
    await denied(harness, "QUOTE_MISSING")


async def test_a_one_sided_quote_is_a_denial(harness: Harness) -> None:
    """A zero bid is no market (RSK-40)."""
    await harness.quote("0", "1.20")
    await denied(harness, "QUOTE_UNUSABLE")


async def test_a_price_far_from_the_market_is_denied(harness: Harness) -> None:
    """An alert at four times the market is a mistake somewhere."""
    await denied(harness, "PRICE_FAR_FROM_MARKET", price="4.80")


async def test_a_closed_market_is_denied(harness: Harness) -> None:
    """Entries are made in the regular session only (RSK-10)."""
    await harness.control.set_session(is_open=False)
    await denied(harness, "MARKET_CLOSED")


async def test_a_closing_only_account_is_denied(harness: Harness) -> None:
    """An account that may not open positions is found out before anything is sent."""
    await harness.control.set_account(SetAccount(number=harness.account, closing_only=True))
    await denied(harness, "ACCOUNT_RESTRICTED")


async def test_an_account_with_no_room_is_denied_with_the_cap_that_bound(harness: Harness) -> None:
    """Buying power for less than one contract at the ceiling buys none."""
    await harness.control.set_account(SetAccount(number=harness.account, cash=Decimal(100)))
    await denied(harness, "SIZE_ZERO")


async def test_a_venue_that_does_not_answer_is_a_denial(harness: Harness) -> None:
    """An alert that cannot be sized in time is let go; a read that failed is asked again first."""
    await harness.fault(kind="status", method="GET", path="*/balances*", status=503, count=None)
    await denied(harness, "BROKER_UNAVAILABLE")


async def test_a_rejected_entry_ends_the_trade_with_the_venues_reason(harness: Harness) -> None:
    """A preflight failure is a refusal: nothing was bought, nothing is repeated."""
    await harness.fault(
        kind="status",
        method="POST",
        path="*/orders",
        status=422,
        code="preflight_check_failure",
        message="One or more preflight checks failed",
        count=None,
    )
    trade = await harness.alert()
    view = await trade.result()
    assert view.outcome is Outcome.REJECTED
    assert "preflight_check_failure" in (view.reason or "")
    assert len(harness.posts("e")) == 1


async def test_an_exit_rejected_by_a_lagging_ledger_is_retried(harness: Harness) -> None:
    """The position ledger lags the fill.

    The strict close is refused and tried again within the five seconds (EXT-40).
    """
    await harness.control.adjust(
        Adjust(timing=harness.venue.exchange.config.timing.model_copy(update={"ledger_lag": 0.5}))
    )
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", phase=Phase.HOLDING, exits_working=2)
    assert "exit_rejected" in await harness.kinds(trade)


async def test_an_expired_token_is_renewed(harness: Harness) -> None:
    """A token that ends in the middle of a trade costs nothing but a refresh."""
    await harness.control.expire_tokens()
    await harness.quote("1.20", "1.20")
    trade = await harness.alert()
    await harness.until(trade, "protected", exits_working=2)
    assert (
        len(
            [
                line
                for line in harness.venue.tape.lines
                if line.kind == "order" and line.before is None and "-e" in str(line.order.client_id)
            ]
        )
        == 1
    )


async def test_a_quantity_in_the_alert_is_a_cap(harness: Harness) -> None:
    """The alert's own quantity lowers the size and never raises it."""
    await harness.quote("1.20", "1.20")
    few = await harness.alert(f"BTO 2 SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")
    many = await harness.alert(f"BTO 50 SPY {harness.expiry:%m/%d/%Y} 450c @ 1.20")
    assert (await harness.until(few, "bought", bought=2)).quantity == 2
    assert (await harness.until(many, "bought", bought=4)).quantity == replace(policy().sizing).max_contracts
