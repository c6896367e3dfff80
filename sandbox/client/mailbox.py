"""The world's mailbox in a test."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Self

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject

WITHIN_SECONDS = 25.0
"""Only a test that fails waits so long."""
MAX_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    n: int
    sender: str
    to: list[str]
    subject: str
    text: str | None
    html: str | None
    links: list[str]
    headers: list[list[str]]

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)

    def link(self, part: str = "") -> str:
        """The first that contains it."""
        found = next((each for each in self.links if part in each), None)
        assert found is not None, f"no link with {part!r} in {self.subject!r}, but {self.links}"
        return found


class Mailbox:
    """`url` is what a shop takes as `SMTP_URL`."""

    def __init__(self, sandbox: SandboxConnection, url: str) -> None:
        self._sandbox = sandbox
        self.url = url
        self._seen = 0

    @classmethod
    async def of(cls, sandbox: SandboxConnection) -> Self:
        return cls(sandbox, (await sandbox.call("GET", "/mail"))["url"])

    async def letter(
        self, to: str | None = None, *, subject: str | re.Pattern[str] = "", within: float = WITHIN_SECONDS
    ) -> Letter:
        """The next letter that fits and that was not had before."""
        wanted = subject if isinstance(subject, re.Pattern) else re.compile(re.escape(subject))
        now = asyncio.get_running_loop().time
        deadline, looked = now() + within, self._seen
        while (left := deadline - now()) > 0:
            query = {"after": looked, "wait": min(left, MAX_WAIT_SECONDS), **({} if to is None else {"to": to})}
            for found in reversed(await self._letters(query)):
                looked = found.n
                if wanted.search(found.subject):
                    self._seen = found.n
                    return found
        others = [(each.to, each.subject) for each in await self.letters()]
        raise AssertionError(f"no letter to {to} with {subject!r} came in {within:g} s; there are {others}")

    async def letters(self, to: str | None = None) -> list[Letter]:
        """All that are kept, newest first."""
        return await self._letters({"to": to} if to is not None else {})

    async def _letters(self, query: dict[str, Any]) -> list[Letter]:  # Any: as in SandboxConnection.request
        answer: list[JsonObject] = await self._sandbox.call("GET", "/mail/letters", query=query)
        return [
            Letter(sender=each["from"], **{name: each[name] for name in Letter.__slots__ if name != "sender"})
            for each in answer
        ]

    async def fault(self, kind: str, *, times: int = 1, to: str | None = None, seconds: float = 60.0) -> None:
        """The next `times` letters (0: all), or those to one address, meet `refuse`, `later`, `hang`, `drop` or
        `drop_after`."""
        body = {"kind": kind, "times": times, "to": to, "seconds": seconds}
        await self._sandbox.call("POST", "/mail/faults", body=body)

    async def clear_faults(self) -> None:
        await self._sandbox.call("DELETE", "/mail/faults")
