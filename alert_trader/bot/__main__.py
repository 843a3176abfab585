"""`trader bot`: run the Discord bot until SIGTERM or SIGINT."""

import asyncio
import logging
from pathlib import Path

import discord
import yarl

from alert_trader.bot import slash, slash_account, slash_report
from alert_trader.bot.client import TraderBot
from alert_trader.bot.discord_errors import DISCORD_ERRORS
from alert_trader.bot.setup_check import BAD_LOGIN, NO_INTENT, invite
from alert_trader.control.intake.message import Intake
from alert_trader.control.temporal import connect, runtime
from alert_trader.domain.errors import AlertTraderError
from alert_trader.runtime import program
from alert_trader.runtime.readiness import announce_ready, kept_alive
from alert_trader.runtime.stopping import stop_requested
from alert_trader.runtime.target import target_of, tracing_of
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.bot")


LOGIN_WITHIN = 30.0
"""Seconds. A login takes less than one; discord.py repeats one that Discord does not accept now."""


class CannotStartError(AlertTraderError):
    """The bot cannot start; the message says what to do."""


def use_chat(url: str) -> None:
    """Connect discord.py to a Discord-compatible server at `url` instead of Discord."""
    at = yarl.URL(url)
    discord.http.Route.BASE = str(at / "api/v10")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = (
        at.with_scheme("wss" if at.scheme == "https" else "ws") / "gateway/"
    )


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Run until SIGTERM or SIGINT. Raise CannotStartError when Discord does not accept the login."""
    if settings.discord_token is None:
        raise CannotStartError(
            "TRADER_DISCORD_TOKEN, the bot's token, is not set. `trader init` says where to get one"
        )
    if settings.discord_url is not None:
        use_chat(settings.discord_url)
    temporal = await connect(
        target_of(settings), metrics=settings.metrics_bind, interceptors=tracing_of(settings, "bot")
    )
    rules = Intake(policy=settings.policy(), account=settings.account, profiles=settings.author_profiles)
    bot = TraderBot(temporal, settings, rules)
    for each in (*slash.COMMANDS, *slash_account.COMMANDS, slash_report.report):
        bot.tree.add_command(each)
    stop = stop_requested()
    async with kept_alive(ready_file, runtime(settings.metrics_bind).metric_meter), bot:
        await _log_in(bot, settings.discord_token.get_secret_value())
        log.info("invite link (minimum permissions): %s", invite(bot.me))
        connecting = asyncio.create_task(bot.connect())
        stopping = asyncio.create_task(stop.wait())
        announcing = asyncio.create_task(_announce(bot, ready_file))
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        announcing.cancel()
        stopping.cancel()
        if connecting.done():
            try:
                connecting.result()
            except discord.PrivilegedIntentsRequired:
                raise CannotStartError(NO_INTENT) from None
        log.info("stopping")


async def _log_in(bot: TraderBot, token: str) -> None:
    try:
        # without it an address that does not answer is waited for for minutes
        async with asyncio.timeout(LOGIN_WITHIN):
            await bot.login(token)
    except discord.LoginFailure:
        raise CannotStartError(BAD_LOGIN) from None
    except (TimeoutError, *DISCORD_ERRORS) as error:
        raise CannotStartError(
            f"cannot reach Discord ({type(error).__name__}). Check the network and TRADER_DISCORD_URL"
        ) from None


async def _announce(bot: TraderBot, ready_file: Path | None) -> None:
    await bot.up.wait()
    log.info("ready: mode %s, account %s", bot.settings.mode, bot.settings.account)
    announce_ready(ready_file, {"invite": invite(bot.me)})


def main() -> int:
    """Run the bot and return the exit code."""
    options = program.arguments("bot", __doc__, ready="listens").parse_args()
    # discord.py logs every connection, and warns at each start that libraries for voice are missing
    quiet = {"discord": logging.WARNING, "discord.client": logging.ERROR}
    return program.work(
        lambda settings: run(settings, options.ready_file), quiet=quiet, unusable=(CannotStartError,)
    )


if __name__ == "__main__":
    program.end(main())
