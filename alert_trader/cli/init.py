"""`trader init`: a few questions, and a settings file that says what each line is for. Secrets never go into it."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from alert_trader.cli.context import err, fail, out
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.execution.policy import Mode
from alert_trader.settings.load import SettingsError, load, variable
from alert_trader.settings.model import Settings

STEPS = """The bot needs an application of its own at Discord, once:

  1. https://discord.com/developers/applications  New Application
  2. Bot > Privileged Gateway Intents: switch on Message Content Intent (without it the bot sees no text)
  3. Bot > Reset Token: keep what it shows; it goes into .env, never into the settings file
  4. `trader bot` prints the link that invites it, with the least permissions, and names whatever is still missing

Ids: Discord > Settings > Advanced > Developer Mode, then right-click a person, channel or server > Copy ID.
"""

_ID = re.compile(r"\d{5,20}")

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("guilds", "Server ids, by commas"),
    ("channels", "Channel ids in which alerts are posted"),
    ("authors", "Ids of the people who may alert"),
    ("discord_operators", "Ids of the people who may command the bot"),
)
COMMENTED = (
    "discord_cards_channel",
    "notify_level",
    "quiet_hours",
    "ladder_ceiling",
    "exit_preset",
    "size_allocation",
    "size_max_contracts",
)
"""Settings that are written as comments, with their defaults: what most people change next."""


def init(
    *,
    file: Annotated[Path, typer.Option(help="The settings file to write.")] = Path("trader.toml"),
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: write the file with what is safe.")
    ] = False,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--trade", help="Show every alert as a card and trade none, at first."),
    ] = None,
) -> None:
    """Write a first settings file, with a comment on every line. It trades nothing yet: the mode is dry-run."""
    if file.exists():
        fail(
            ExitCode.USAGE,
            f"{file} is there already. Edit it, or name another with --file: an existing file is never written over",
        )
    out().print(STEPS, markup=False)
    answers = {name: "" if defaults else _prompt_ids(words) for name, words in QUESTIONS}
    account = (
        "" if defaults else typer.prompt("The Tastytrade account number", default="", show_default=False)
    )
    watched = (
        watch
        if watch is not None
        else defaults
        or typer.confirm("Watch first: show every alert as a card and trade none?", default=True)
    )
    text = settings_text(answers, account=account, watch=watched)
    try:
        _check(text)
    except SettingsError as error:
        fail(ExitCode.USAGE, str(error))
    with file.open("x", encoding="utf-8") as made:
        made.write(text)
    out().print(
        f"\n{file} is written. Now put the secrets beside it, into .env (keep that file to yourself):\n",
        markup=False,
    )
    for name in secrets():
        out().print(f"  {name}=", markup=False)
    out().print("\nThen: trader doctor, trader up", markup=False)


def secrets() -> list[str]:
    """Name the variables that a bot and a broker need and that never stand in the settings file."""
    wanted = ("discord_token", "tastytrade_client_secret", "tastytrade_refresh_token")
    assert all("SecretStr" in str(Settings.model_fields[name].annotation) for name in wanted)
    return [variable(name) for name in wanted]


def _prompt_ids(words: str) -> str:
    while True:
        given: str = typer.prompt(f"{words}", default="", show_default=False)
        wrong = [
            each for each in (part.strip() for part in given.split(",")) if each and not _ID.fullmatch(each)
        ]
        if not wrong:
            return given
        err().print(f"expected ids of 5 to 20 digits, found {', '.join(wrong)}", markup=False)


def settings_text(answers: Mapping[str, str], *, account: str, watch: bool) -> str:
    """Write the settings file: what was answered, and what most people change next as comments."""
    lines = [
        "# Settings of alert-trader. `trader config show` prints what is in force and where each value came from.",
        "# Secrets never stand here: they are variables, or lines of .env. Every setting there is: .env.example.",
        "",
        _comment("mode"),
        f'mode = "{Mode.DRY_RUN}"',
    ]
    if account:
        lines += ["", _comment("tastytrade_account"), f'tastytrade_account = "{_alphanumeric(account)}"']
    for name, _ in QUESTIONS:
        ids = [part.strip() for part in answers.get(name, "").split(",") if part.strip()]
        lines += ["", _comment(name), f"{name} = {json.dumps(ids)}"]
    for name in COMMENTED:
        default = Settings.model_fields[name].default
        lines += ["", _comment(name), f'# {name} = "{"" if default is None else default}"']
    authors = [part.strip() for part in answers.get("authors", "").split(",") if part.strip()]
    if watch:
        lines += [
            "",
            "# Watched: each alert is read, checked and shown as a card, and none is traded. Take a table away to trade its author.",
        ]
        for author in authors or ["100000000000000001"]:
            shown = [
                f'[profiles."{author}"]',
                'approval = "watch"  # or "ask": a person approves each; or "automatic"',
            ]
            lines += ["", *(shown if authors else [f"# {each}" for each in shown])]
    return "\n".join(lines) + "\n"


def _comment(name: str) -> str:
    return f"# {Settings.model_fields[name].description}"


def _alphanumeric(text: str) -> str:
    return "".join(each for each in text if each.isalnum())


def _check(text: str) -> None:
    """Load what was written as the product would; raises SettingsError."""
    values = tomllib.loads(text)
    assert not any(
        isinstance(getattr(load(flags=values, environment={}).settings, name), SecretStr) for name in values
    )
