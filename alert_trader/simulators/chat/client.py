"""The control API of a chat in another process, for demos and tests."""

from types import TracebackType
from typing import Any, Self

import aiohttp


class ChatControl:
    """Actions of people in the chat, over HTTP. Use it with `async with`."""

    def __init__(self, url: str) -> None:
        """Connect to the chat at `url`."""
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        assert self._session is not None
        await self._session.close()

    async def say(self, text: str, **how: object) -> dict[str, Any]:
        """Post as a person; `how` is what `Control.say` takes."""
        return await self._ask("say", {"text": text, **how})

    async def use(self, name: str, **options: object) -> dict[str, Any]:
        """Use a slash command, and return what its user sees."""
        return await self._ask("use", {"name": name, **options})

    async def click(self, message_id: str, label: str, **how: object) -> dict[str, Any]:
        """Press a button, and return what its user sees."""
        return await self._ask("click", {"message": message_id, "label": label, **how})

    async def edit(self, message_id: str, text: str) -> dict[str, Any]:
        """Edit a message as its author."""
        return await self._ask("edit", {"message": message_id, "text": text})

    async def drop(self, *, forget: bool = False) -> None:
        """Drop the bot's connection; with `forget` its session ends too."""
        await self._ask("drop", {"forget": forget})

    async def fault(self, trouble: str, **rule: object) -> None:
        """Arm a fault for the bot's next calls; `rule` has the fields of `limits.Fault`."""
        await self._ask("fault", {"trouble": trouble, **rule})

    async def transcript(self) -> list[dict[str, Any]]:
        """Return everything that happened."""
        assert self._session is not None
        async with self._session.get(f"{self._url}/control/transcript") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        """Return a channel's messages, the oldest first; a thread's id is its card's."""
        assert self._session is not None
        async with self._session.get(f"{self._url}/control/messages/{channel}") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def _ask(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.post(f"{self._url}/control/{path}", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            if answer.status >= 400:
                raise LookupError(f"the chat would not {path}: {found.get('message')}")
            return found
