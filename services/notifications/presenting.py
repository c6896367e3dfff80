"""Who presents which kind of news, for whatever channel."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.notifications.kinds.news import News
from services.notifications.notification import ClaimedMessage

Told = TypeVar("Told", bound=News)
Claimed = TypeVar("Claimed", bound=ClaimedMessage)
Words = TypeVar("Words")
Shown = TypeVar("Shown")


def presenting(
    kind: type[Told], present: Callable[[Told, Claimed, Words], Awaitable[Shown | None]]
) -> dict[str, Callable[[Claimed, Words], Awaitable[Shown | None]]]:
    """Who presents news of this `kind`, as the outbox holds them; unreadable ones raise. `Words`: in which language;
    None: there is nothing to tell."""

    async def read(claimed: Claimed, words: Words) -> Shown | None:
        return await present(kind.load(claimed.payload), claimed, words)

    return {kind.kind: read}
