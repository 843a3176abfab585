"""`trader init`: ask a few questions and write a commented settings file, without secrets."""

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

STEPS = """The bot needs its own application at Discord. Once:

  1. https://discord.com/developers/applications > New Application
  2. Bot > Privileged Gateway Intents: switch on Message Content Intent,
     so that the bot can read the text of messages
  3. Bot > Reset Token: copy the token into .env, never into the settings file
  4. Start `trader bot`: it prints the link to invite the bot, and what is missing

To copy ids: switch on Discord > Settings > Advanced > Developer Mode,
then right-click a person, channel or server > Copy ID.
"""

_ID = re.compile(r"\d{5,20}")

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("guilds", "Server ids, separated by commas"),
    ("channels", "Ids of the channels with alerts"),
    ("authors", "Ids of the authors whose alerts are traded"),
    ("discord_operators", "Ids of the operators, who may use the bot's commands"),
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
"""Settings written as comments with their defaults: what most people change next."""


def init(
    *,
    file: Annotated[Path, typer.Option(help="The settings file to write.")] = Path("trader.toml"),
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing; write safe defaults.")] = False,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--trade", help="Watch: show every alert as a card, but trade none."),
    ] = None,
) -> None:
    """Write a first settings file, with comments. Its mode is dry-run, which sends no orders."""
    if file.exists():
        fail(
            ExitCode.USAGE,
            f"{file} exists and is not overwritten. Edit it, or choose another file with --file",
        )
    out().print(STEPS, markup=False)
    answers = {name: "" if defaults else _prompt_ids(question) for name, question in QUESTIONS}
    account = "" if defaults else typer.prompt("Tastytrade account number", default="", show_default=False)
    watched = (
        watch
        if watch is not None
        else defaults
        or typer.confirm("Watch only at first: show every alert as a card, trade none?", default=True)
    )
    text = settings_text(answers, account=account, watch=watched)
    try:
        _check(text)
    except SettingsError as error:
        fail(ExitCode.USAGE, str(error))
    with file.open("x", encoding="utf-8") as new:
        new.write(text)
    out().print(
        f"\nWrote {file}. Now put the secrets into .env beside it, and share .env with nobody:\n",
        markup=False,
    )
    for name in secrets():
        out().print(f"  {name}=", markup=False)
    out().print("\nThen run `trader doctor`, which checks everything, and `trader up`.", markup=False)


def secrets() -> list[str]:
    """Return the variables of the secrets, which are never written to the settings file."""
    names = ("discord_token", "tastytrade_client_secret", "tastytrade_refresh_token")
    assert all("SecretStr" in str(Settings.model_fields[name].annotation) for name in names)
    return [variable(name) for name in names]


def _prompt_ids(question: str) -> str:
    while True:
        answer: str = typer.prompt(question, default="", show_default=False)
        wrong = [
            each for each in (part.strip() for part in answer.split(",")) if each and not _ID.fullmatch(each)
        ]
        if not wrong:
            return answer
        err().print(f"expected ids of 5 to 20 digits, found {', '.join(wrong)}", markup=False)


def settings_text(answers: Mapping[str, str], *, account: str, watch: bool) -> str:
    """Return the text of the settings file: the answers, and more settings as comments."""
    lines = [
        "# Settings of alert-trader. `trader config show` prints all settings and where they come from.",
        "# Put no secrets here: use environment variables or .env. All settings are listed in .env.example.",
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
            "# Watch only: alerts of these authors are shown as cards and not traded.",
            "# To trade an author's alerts, delete the author's table.",
        ]
        for author in authors or ["100000000000000001"]:
            profile = [
                f'[profiles."{author}"]',
                'approval = "watch"  # or "ask": an operator approves each alert; or "automatic"',
            ]
            lines += ["", *(profile if authors else [f"# {each}" for each in profile])]
    return "\n".join(lines) + "\n"


def _comment(name: str) -> str:
    return f"# {Settings.model_fields[name].description}"


def _alphanumeric(text: str) -> str:
    return "".join(each for each in text if each.isalnum())


def _check(text: str) -> None:
    """Load the settings file as every process does. Raise SettingsError when it is wrong."""
    values = tomllib.loads(text)
    assert not any(
        isinstance(getattr(load(flags=values, environment={}).settings, name), SecretStr) for name in values
    )
