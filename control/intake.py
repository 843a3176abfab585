"""The one door for a message, whichever face it came to: read it, and open a trade, tell an open one, or leave it alone.

The reading is pure and comes before anything is started. Only a first message opens a trade; what looks like an alert and cannot be
traded opens one too, which ends at once with its refusal on record. Chatter never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from temporalio.client import Client

from control.send import send_alert
from domain.alert import AlertKind, AlertMessage, ParsedAlert
from domain.ids import AccountNumber
from domain.parser import parse
from domain.policy import Policy
from domain.profile import Profile
from workflows.interface import CommandReceipt, Said, TradeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The rules a message is taken in by, as they are now."""

    policy: Policy
    account: AccountNumber
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """By author id; an author without one has the default."""

    def policy_for(self, author_id: str) -> Policy:
        """Give the rules that a trade of this author would run by."""
        profile = self.profiles.get(author_id)
        return self.policy if profile is None else replace(self.policy, profile=profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The message has a trade of its own, which may be its refusal on record."""

    workflow_id: str
    started: bool
    """False when the message had its trade already."""
    parsed: ParsedAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """The message was told to the author's open trade, which acts on it by its profile."""

    workflow_id: str
    said: Said
    parsed: ParsedAlert
    receipt: CommandReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """An exit or an add, and no open trade of its author that it can be about."""

    parsed: ParsedAlert
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """Chatter: nothing was started, and nothing need be said."""

    parsed: ParsedAlert


Taken = Opened | PassedOn | Unmatched | LeftAlone
"""What became of a message."""


async def take(client: Client, message: AlertMessage, intake: Intake) -> Taken:
    """Take in a message; raises any of the errors of `control.errors`. Taking in the same message again changes nothing."""
    policy = intake.policy_for(message.author_id)
    parsed = parse(message)
    if parsed.kind is AlertKind.CHATTER:
        return LeftAlone(parsed=parsed)
    if parsed.kind in {AlertKind.EXIT, AlertKind.ADD}:
        return Unmatched(parsed=parsed, why="exits and adds are matched with their trade by the next commit")
    sent = await send_alert(client, TradeRequest(alert=message, policy=policy, account=intake.account))
    return Opened(workflow_id=sent.workflow_id, started=sent.started, parsed=parsed)
