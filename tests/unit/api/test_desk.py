"""The desk page without Temporal: who gets in, and what a form from elsewhere can do."""

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from alert_trader import clock
from alert_trader.api.pages import HEADERS
from alert_trader.runtime.desk_link import (
    LINK_LIFETIME,
    SESSION_LIFETIME,
    PassKind,
    desk_link,
    new_pass,
    read_pass,
    signed_pass,
)
from alert_trader.settings.load import load
from alert_trader.settings.model import Settings
from tests.unit.api.conftest import KEYS, OPS, Asked

ADA = "discord:22 ada"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of the application that `asking` opens."""
    environment = {"TRADER_MODE": "demo", "TRADER_API_KEYS": KEYS}
    return load(environment=environment, directory=tmp_path).settings


async def sign_in(client: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    """Send the form of the sign-in page."""
    return await client.post("/desk/sign-in", data=fields or {"key": OPS})


async def token(client: httpx2.AsyncClient) -> str:
    """Return the token of the forms of a session."""
    page = (await client.get("/desk")).text
    [found] = re.findall(r'name="form-token" content="(\w+)"', page)
    return str(found)


PAGES = ("/desk", "/desk/account", "/desk/report", "/desk/trade/m1", "/desk/trade/m1/events", "/desk/events")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_a_session(asking: Asked, path: str) -> None:
    """Without one there is only the form to sign in; a key in the header is for the API."""
    async with asking() as client:
        answer = await client.get(path, headers={"x-api-key": OPS})
        assert answer.status_code == 401
        assert "trade-" not in answer.text
        forged = await client.get(path, headers={"cookie": "desk=WyJzZXNzaW9uIl0.00"})
        assert forged.status_code == 401


async def test_a_key_begins_a_session(asking: Asked) -> None:
    """The cookie is out of a script's reach, the page is protected, and it works without Temporal."""
    async with asking() as client:
        answer = await sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
        cookie = answer.headers["set-cookie"].lower()
        assert all(each in cookie for each in ("httponly", "samesite=lax", "path=/desk"))
        page = await client.get("/desk")
        assert page.status_code == 200
        assert {name: page.headers[name] for name in HEADERS} == HEADERS
        assert page.headers["cache-control"] == "no-store"
        assert "Temporal" in page.text
        out = await client.post("/desk/sign-out", data={"token": await token(client)})
        assert out.status_code == 303
        assert (await client.get("/desk")).status_code == 401


async def test_a_cookie_behind_tls_is_sent_by_tls_alone(asking: Asked) -> None:
    """Where people come by https, the cookie is never sent without it."""
    async with asking(TRADER_API_URL="https://desk.example.org") as client:
        assert "secure" in (await sign_in(client)).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "after", ["https://elsewhere.example", "//elsewhere.example", "/admin/halt", "/desk\\x"]
)
async def test_signing_in_leads_nowhere_else(asking: Asked, after: str) -> None:
    """The page that was wanted is one of the desk."""
    async with asking() as client:
        assert (await sign_in(client, key=OPS, next=after)).headers["location"] == "/desk"
        there = await sign_in(client, key=OPS, next="/desk/trade/m1")
        assert there.headers["location"] == "/desk/trade/m1"


async def test_guessing_keys_is_slowed_down(asking: Asked) -> None:
    """Wrong keys are counted by address, as those of the API."""
    async with asking(TRADER_API_RATE="2") as client:
        codes = [(await sign_in(client, key="wrong")).status_code for _ in range(4)]
    assert codes == [401, 401, 429, 429]


async def test_without_keys_nobody_gets_in(asking: Asked) -> None:
    """The page says which setting is missing; a pass that is signed with no key is none."""
    async with asking(TRADER_API_KEYS="") as client:
        answer = await client.get("/desk")
        assert (answer.status_code, "TRADER_API_KEYS" in answer.text) == (401, True)
        assert (await sign_in(client, key="")).status_code == 401


FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/desk/trade", {"action": "close-all", "trade": "m1"}),
    ("/desk/account", {"action": "halt"}),
    ("/desk/sign-out", {}),
)


@pytest.mark.parametrize(("path", "fields"), FORMS)
async def test_a_form_of_another_site_does_nothing(asking: Asked, path: str, fields: dict[str, str]) -> None:
    """Without the token of the session, or from another origin, a form is refused before anything is sent."""
    async with asking() as client:
        await sign_in(client)
        assert (await client.post(path, data=fields)).status_code == 403
        assert (await client.post(path, data={**fields, "token": "0" * 64})).status_code == 403
        right = {**fields, "token": await token(client)}
        away = await client.post(path, data=right, headers={"origin": "https://elsewhere.example"})
        assert away.status_code == 403


async def test_a_right_form_reaches_temporal(asking: Asked) -> None:
    """With the token it is a command: 503, as there is no Temporal here."""
    async with asking() as client:
        await sign_in(client)
        fields = {"action": "halt", "token": await token(client)}
        own = {"origin": "http://api"}
        assert (await client.post("/desk/account", data=fields, headers=own)).status_code == 503


async def test_a_link_signs_its_person_in_once(asking: Asked, settings: Settings) -> None:
    """A preview uses nothing up; the form works once, and commands are signed with the person's name."""
    link = desk_link(settings, ADA, clock.now())
    given = link.partition("?pass=")[2]
    path = link.removeprefix("http://127.0.0.1:8090")
    async with asking() as client:
        for _ in range(2):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/desk")).status_code == 401
        assert (await sign_in(client, **{"pass": given})).status_code == 303
        assert ADA in (await client.get("/desk")).text
        client.cookies.clear()
        assert (await sign_in(client, **{"pass": given})).status_code == 401


def test_a_pass_has_an_end_and_one_use(settings: Settings, tmp_path: Path) -> None:
    """A link is no session, an altered pass is none, and other keys end all."""
    now = clock.now()
    for kind, lifetime in ((PassKind.LINK, LINK_LIFETIME), (PassKind.SESSION, SESSION_LIFETIME)):
        text = signed_pass(settings, new_pass(kind, ADA, now))
        found = read_pass(settings, text, kind, now)
        assert found is not None
        assert found.name == ADA
        assert read_pass(settings, text, kind, now + lifetime + timedelta(seconds=1)) is None
        other = PassKind.SESSION if kind is PassKind.LINK else PassKind.LINK
        assert read_pass(settings, text, other, now) is None
        assert read_pass(settings, f"X{text}", kind, now) is None
        assert read_pass(settings, None, kind, now) is None
        keys = {"TRADER_MODE": "demo", "TRADER_API_KEYS": "ops:another-key-0123456789"}
        assert read_pass(load(environment=keys, directory=tmp_path).settings, text, kind, now) is None


async def test_the_docs_list_every_request(asking: Asked) -> None:
    """Each has its fields and a curl line; no key is needed to read them."""
    async with asking() as client:
        page = await client.get("/docs")
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert page.status_code == 200
    assert all(path in page.text for path in paths)
    assert "curl -X POST http://api/admin/trades/{trade}/sell" in page.text
