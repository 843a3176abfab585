"""What the help lists is what the commands are."""

import inspect

import pytest

from alert_trader.cli.main import ENTRIES, Entry, application


@pytest.mark.parametrize("entry", ENTRIES, ids=[each.name for each in ENTRIES])
def test_the_help_text_is_that_of_the_command(entry: Entry) -> None:
    """The help is written without importing the command: its words are those of the command all the same."""
    loaded = entry.load()
    said = (
        loaded.info.help
        if entry.is_group
        else (inspect.getdoc(loaded) or "").partition("\n\n")[0].replace("\n", " ")
    )
    assert said == entry.help


def test_only_what_is_named_is_imported() -> None:
    """A command line that names one command imports its module alone.

    A function of another one is only listed.
    """
    commands = {each.name: each.callback for each in application(["list"]).registered_commands}
    modules = {name: each.__module__ for name, each in commands.items() if each is not None}
    assert modules["list"] == "alert_trader.cli.trades"
    assert modules["report"] == "alert_trader.cli.main"
