"""What the SDK reads of a venue."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import aiohttp
import pytest
from tastytrade import Account, Session
from tastytrade.instruments import Equity, NestedOptionChain, Option, get_option_chain
from tastytrade.market_data import get_market_data_by_type
from tastytrade.market_sessions import ExchangeType, MarketStatus, get_market_holidays, get_market_sessions
from tastytrade.utils import TastytradeError

from alert_trader import clock
from alert_trader.simulators.venue.commands import SetAccount
from alert_trader.simulators.venue.config import VenueConfig
from alert_trader.simulators.venue.server import RunningVenue
from tests.contract.venue.api_client import AAPL, ACCOUNT, SPXW, SPY, ApiClient, expiry


async def test_accounts_customer_and_status_parse(api_client: ApiClient) -> None:
    """The customer, the accounts and an account's flags read as the SDK's own models."""
    assert [each.account_number for each in await Account.get(api_client.session)] == [ACCOUNT]
    assert (await api_client.session.get_customer()).id == "me"
    status = await api_client.account.get_trading_status(api_client.session)
    assert not status.is_frozen
    assert not status.is_closing_only


async def test_flags_of_an_account_can_be_changed(api_client: ApiClient) -> None:
    """A frozen, closing-only account says so."""
    await api_client.control.set_account(
        SetAccount(number=ACCOUNT, frozen=True, closing_only=True, day_trade_count=4)
    )
    status = await api_client.account.get_trading_status(api_client.session)
    assert (status.is_frozen, status.is_closing_only, status.day_trade_count) == (True, True, 4)


async def test_balance_starts_with_the_configured_cash(api_client: ApiClient) -> None:
    """An untouched account has all its cash as option buying power."""
    balance = await api_client.account.get_balances(api_client.session)
    assert (
        balance.cash_balance
        == balance.derivative_buying_power
        == balance.net_liquidating_value
        == Decimal(25000)
    )


async def test_nested_chain_lists_both_roots_of_an_index(api_client: ApiClient) -> None:
    """SPX has AM-settled monthlies on SPX and PM-settled series on SPXW, on the same third Friday."""
    chains = {each.root_symbol: each for each in await NestedOptionChain.get(api_client.session, "SPX")}
    assert set(chains) == {"SPX", "SPXW"}
    assert {each.settlement_type for each in chains["SPX"].expirations} == {"AM"}
    assert expiry() in {each.expiration_date for each in chains["SPXW"].expirations}
    assert [(tick.value, tick.threshold) for tick in chains["SPX"].tick_sizes] == [
        (Decimal("0.05"), Decimal(3)),
        (Decimal("0.1"), None),
    ]


@pytest.mark.parametrize(
    ("symbol", "ticks"), [("SPY", ["0.01"]), ("AAPL", ["0.01", "0.05"]), ("DKS", ["0.05", "0.1"])]
)
async def test_tick_tables_follow_the_class(api_client: ApiClient, symbol: str, ticks: list[str]) -> None:
    """Each class trades in its own steps, on the equity and on the chain alike."""
    equity = await Equity.get(api_client.session, symbol)
    chain = await NestedOptionChain.get(api_client.session, symbol)
    assert [str(tick.value) for tick in equity.option_tick_sizes or []] == ticks
    assert [str(tick.value) for tick in chain[0].tick_sizes] == ticks


async def test_a_scripted_strike_is_listed(api_client: ApiClient) -> None:
    """A strike far from the spot is not on the chain until a script names it."""
    far = f"SPY   {expiry():%y%m%d}C00450000"
    with pytest.raises(TastytradeError, match="record_not_found"):
        await Option.get(api_client.session, far)
    await api_client.control.set_quote(far, bid="150.00", ask="150.50")
    assert (await Option.get(api_client.session, far)).strike_price == Decimal(450)
    chain = await get_option_chain(api_client.session, "SPY")
    assert far in {option.symbol for option in chain[expiry()]}


async def test_seeded_quotes_are_two_sided_and_on_tick(api_client: ApiClient) -> None:
    """The seeded market quotes every listed option, uncrossed and in valid steps."""
    asked = [f"AAPL  {expiry():%y%m%d}P00{strike}000" for strike in (180, 200, 220)]
    for quote in await get_market_data_by_type(api_client.session, options=asked):
        assert quote.bid is not None
        assert quote.ask is not None
        assert 0 < quote.bid < quote.ask
        assert quote.ask % (Decimal("0.01") if quote.ask < 3 else Decimal("0.05")) == 0


async def test_calls_with_higher_strikes_are_worth_less(api_client: ApiClient) -> None:
    """Calls fall in value as the strike rises: the seeded prices come from one model."""
    asked = [f"SPY   {expiry():%y%m%d}C00{strike}000" for strike in (580, 595, 610, 625)]
    found = {
        quote.symbol: quote.ask for quote in await get_market_data_by_type(api_client.session, options=asked)
    }
    assert all(found[low] > found[high] for low, high in pairwise(asked))  # type: ignore[operator]


async def test_a_missing_quote_is_left_out(api_client: ApiClient) -> None:
    """A listed symbol without a quote is not among the answers."""
    await api_client.control.remove_quote(SPY)
    assert [
        quote.symbol for quote in await get_market_data_by_type(api_client.session, options=[SPY, AAPL])
    ] == [AAPL]


async def test_an_old_quote_stays_old(api_client: ApiClient) -> None:
    """A quote set with an age is shown with it, however often it is read."""
    await api_client.control.set_quote(SPY, bid="2.00", ask="2.05", age=60)
    quote = (await get_market_data_by_type(api_client.session, options=[SPY]))[0]
    assert clock.now() - quote.updated_at >= timedelta(seconds=59)


async def test_comma_separated_lists_are_parsed_too(api_client: ApiClient) -> None:
    """The documented comma list of symbols works beside the repeated keys of the SDK."""
    await api_client.session.refresh()
    headers = {"Authorization": f"Bearer {api_client.session.session_token}"}
    async with aiohttp.ClientSession() as http:
        params = {"equity-option": f"{SPY},{AAPL}"}
        async with http.get(
            f"{api_client.venue.base_url}/market-data/by-type", params=params, headers=headers
        ) as reply:
            assert len((await reply.json())["data"]["items"]) == 2


async def test_a_demo_market_is_open_around_now(api_client: ApiClient) -> None:
    """An always-open market opened before now and closes after it."""
    found = (await get_market_sessions(api_client.session, [ExchangeType.NYSE]))[0]
    assert found.status is MarketStatus.OPEN
    assert found.open_at is not None
    assert found.close_at is not None
    assert found.open_at < clock.now() < found.close_at
    assert (await get_market_holidays(api_client.session)).holidays


async def test_an_index_weekly_is_found_under_its_root(api_client: ApiClient) -> None:
    """A PM-settled index series carries its own root and the index as underlying."""
    option = await Option.get(api_client.session, SPXW)
    assert (option.root_symbol, option.underlying_symbol, option.settlement_type) == ("SPXW", "SPX", "PM")


async def test_a_user_agent_without_a_version_is_refused_in_html(venue: RunningVenue) -> None:
    """The front server answers 401 in HTML to a client that does not name product and version."""
    async with (
        aiohttp.ClientSession(headers={"User-Agent": "nobody"}) as http,
        http.get(f"{venue.base_url}/customers/me") as reply,
    ):
        assert reply.status == 401
        assert "nginx" in await reply.text()


async def test_expired_tokens_are_refused_until_refreshed(api_client: ApiClient) -> None:
    """A token the venue ended is a 401; a forced refresh heals it."""
    await api_client.control.expire_tokens()
    with pytest.raises(TastytradeError, match="token_invalid"):
        await api_client.account.get_balances(api_client.session)
    await api_client.session.refresh(force=True)
    assert await api_client.account.get_balances(api_client.session)


async def test_a_wrong_secret_is_an_invalid_grant(api_client: ApiClient, session: Session) -> None:
    """With a configured secret every other one is refused, in the form without an envelope."""
    picky = VenueConfig(client_secret="the-only-one", accounts=api_client.venue.exchange.config.accounts)
    api_client.venue.control._tokens._config = picky
    with pytest.raises(TastytradeError, match="invalid_grant"):
        await session.refresh(force=True)
    assert "the-only-one" not in repr(picky)
