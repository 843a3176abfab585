"""Signed passes for the desk page: a link that a bot sends to an operator, and the cookie of a session.

Both are signed with a key that is derived from the admin keys: who changes those ends every session.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from alert_trader.settings.model import Settings

LINK_LIFETIME = timedelta(minutes=5)
"""A link is for the person who requested it, at once."""

SESSION_LIFETIME = timedelta(hours=12)
"""A trading day and its preparation."""

_LONGEST = 1000


class PassKind(StrEnum):
    """What a pass is for; neither is accepted in place of the other."""

    LINK = "link"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPass:
    """Who may use the desk page, and until when."""

    kind: PassKind
    name: str
    """Of the admin key, or the signature of the person on Discord; it signs every command."""
    until: datetime
    nonce: str


def new_pass(kind: PassKind, name: str, now: datetime) -> DeskPass:
    """Return a pass of a person that is valid from `now` on."""
    lifetime = LINK_LIFETIME if kind is PassKind.LINK else SESSION_LIFETIME
    return DeskPass(kind=kind, name=name, until=now + lifetime, nonce=secrets.token_urlsafe(12))


def signed_pass(settings: Settings, given: DeskPass) -> str:
    """Return a pass as text that only a process with the same admin keys can write."""
    fields = [given.kind.value, given.name, int(given.until.timestamp()), given.nonce]
    body = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    return f"{body}.{_signature(settings, body)}"


def read_pass(settings: Settings, text: str | None, kind: PassKind, now: datetime) -> DeskPass | None:
    """Return the pass of a text; None when it is not ours, is of another kind, or has expired."""
    if not text or len(text) > _LONGEST or not text.isascii() or not settings.api_key_ring:
        return None
    body, _, signature = text.partition(".")
    if not hmac.compare_digest(signature, _signature(settings, body)):
        return None
    named, name, until, nonce = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    found = DeskPass(kind=PassKind(named), name=name, until=datetime.fromtimestamp(until, UTC), nonce=nonce)
    return found if found.kind is kind and now < found.until else None


def form_token(settings: Settings, session: DeskPass) -> str:
    """Return what every form of a session must contain: another site cannot know it."""
    return _signature(settings, f"form {session.nonce}")


def desk_address(settings: Settings) -> str:
    """Return where people open the desk page."""
    return (settings.api_url or f"http://{settings.api_host}:{settings.api_port}").rstrip("/")


def desk_link(settings: Settings, name: str, now: datetime) -> str:
    """Return a link by which a person signs in once. The settings must have admin keys."""
    given = signed_pass(settings, new_pass(PassKind.LINK, name, now))
    return f"{desk_address(settings)}/desk/sign-in?pass={given}"


def _signature(settings: Settings, text: str) -> str:
    keys = "" if settings.api_keys is None else settings.api_keys.get_secret_value()
    key = hashlib.sha256(b"alert-trader desk\0" + keys.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
