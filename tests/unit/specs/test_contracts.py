"""What the contracts say by hand is what the code has."""

import re
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType

from alert_trader.activities import messages
from alert_trader.cli.exit_codes import ExitCode
from alert_trader.domain.denial import Code
from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import (
    AccountNumber,
    Leg,
    account_workflow_id,
    client_order_id,
    message_id,
    trade_workflow_id,
)
from alert_trader.domain.not_sent import NotSentReason
from alert_trader.domain.trade.commands import TradeCommand
from alert_trader.workflows import interface, search_attributes
from specs import generate

WORKFLOW = (generate.SPECS / "contracts/workflow.md").read_text()


def test_ids_are_as_written() -> None:
    """Each id in the contract is the one that the code makes."""
    account, message = AccountNumber("<number>"), message_id("m1")
    shapes = [
        trade_workflow_id(message).replace(message, "<message id>"),
        account_workflow_id(account),
        interface.task_queue(account),
        client_order_id(message, Leg.ENTRY, 1).replace(message, "<message id>").replace("1", "<n>"),
        *Mode,
    ]
    assert [shape for shape in shapes if f"`{shape}`" not in WORKFLOW] == []


def test_every_handler_is_in_the_contract() -> None:
    """Queries and signals are listed under their names."""
    both = {**vars(messages), **vars(interface)}
    names = {value for name, value in both.items() if name.endswith(("_QUERY", "_SIGNAL"))}
    listed = set(re.findall(r"^\| (?:query|signal) \| `(\w+)`", WORKFLOW, re.MULTILINE))
    assert listed == names | set(TradeCommand)


def test_every_search_attribute_is_in_the_contract() -> None:
    """Search attributes are listed with the type they are registered as."""
    listed = dict(re.findall(r"^\| `(Trade\w+)` \| (\w+) \|", WORKFLOW, re.MULTILINE))
    types = {
        name: IndexedValueType.Name(kind).rpartition("_")[2].title()
        for name, kind in search_attributes.REGISTERED.items()
    }
    assert listed == types


def test_exit_codes_are_in_the_reference() -> None:
    """Every exit code of the command is on the page of the commands, with what it means."""
    listed = (generate.DOCS / "reference" / "commands.md").read_text().rpartition("## Exit codes")[2]
    rows = re.findall(r"^\| `(\d+)` \| (\S.+) \|$", listed, re.MULTILINE)
    assert {int(code) for code, _ in rows} == {code.value for code in ExitCode}


def test_links_are_valid() -> None:
    """A link from a page of ours to a file leads to one that is there."""
    pages = [*generate.ROOT.glob("*.md"), *generate.pages_of_ours()]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text())
    ]
    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / Path(link)).exists()] == []


def test_every_code_has_a_row_in_the_contract() -> None:
    """Denials and reasons for not sending are generated: a head of two lines and one row for each code."""
    for part, codes, columns in (
        ("denial-codes", list(Code), 3),
        ("not-sent-reasons", list(NotSentReason), 4),
    ):
        lines = generate.PARTS[part]().splitlines()
        assert len(lines) == len(codes) + 2
        assert all(line.count("|") == columns + 1 for line in lines)
        assert lines[2].startswith(f"| `{codes[0]}` |")
