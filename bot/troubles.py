"""Owners hear once of what has been wrong for a while, and once that it is over; straight from the bot, since the
database itself may be what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError

from bot import chat
from bot.i18n import Catalogues, Html, Translator
from bot.leader import STANDING_BY
from bot.probes import OK
from bot.screens import Screen
from bot.views.trouble import WRONG, over_text, wrong_text
from db.errors import DatabaseUnavailable
from services.clock import Clock
from services.users import Users
from web.app import Readiness

log = structlog.get_logger()

LOOK_SECONDS = 15.0
TELL_SECONDS = 10.0
LASTING: Final = timedelta(minutes=3)  # shorter troubles pass by themselves
CALM: Final = timedelta(minutes=1)  # what comes again within that was not over


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Of a part: that something is wrong, or that it is `over`."""

    part: str
    over: bool
    words: Callable[[Translator], Html]


@dataclass(slots=True)
class Trouble:
    """`over_at`: since when it seems to be; `told`: that it began."""

    detail: str
    since: datetime
    over_at: datetime | None = None
    told: bool = False


class Troubles:
    """What is wrong, by part. Nothing here waits or tells."""

    def __init__(self) -> None:
        self._by_part: dict[str, Trouble] = {}

    def note(self, parts: Mapping[str, str], now: datetime) -> None:
        """What /readyz says now. A part that it does not speak of is as it was."""
        for part in parts.keys() & WRONG.keys():
            trouble = self._by_part.get(part)
            if parts[part] != OK:
                trouble = self._by_part.setdefault(part, Trouble(detail=parts[part], since=now))
                trouble.over_at = None
            elif trouble is not None and trouble.over_at is None:
                trouble.over_at = now

    def to_tell(self, now: datetime) -> Iterator[News]:
        """Until `told` says that it was."""
        for part, trouble in list(self._by_part.items()):
            if trouble.over_at is None:
                if not trouble.told and now - trouble.since >= LASTING:
                    yield _begin(part, trouble)
            elif now - trouble.over_at >= CALM:
                if trouble.told or trouble.over_at - trouble.since >= LASTING:
                    yield _end(part, trouble, trouble.over_at)
                else:
                    del self._by_part[part]

    def told(self, news: News) -> None:
        if news.over:
            del self._by_part[news.part]
        else:
            self._by_part[news.part].told = True


def _begin(part: str, trouble: Trouble) -> News:
    return News(part=part, over=False, words=lambda tr: wrong_text(part, trouble.detail, trouble.since, tr))


def _end(part: str, trouble: Trouble, over_at: datetime) -> News:
    since, told = trouble.since, trouble.told
    return News(part=part, over=True, words=lambda tr: over_text(part, since, over_at, tr, told=told))


class TellOwners:
    """Looks at `readiness` and tells the owners. What cannot be told now, because Telegram itself is away, is told when
    it is back."""

    def __init__(
        self,
        bot: Bot,
        owners: tuple[int, ...],
        readiness: Callable[[], Awaitable[Readiness]],
        *,
        users: Users,
        catalogues: Catalogues,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._owners = owners
        self._readiness = readiness
        self._users = users
        self._catalogues = catalogues
        self._clock = clock
        self._languages: dict[int, str] = {}
        self._troubles = Troubles()
        self._heard: dict[tuple[str, bool], set[int]] = {}  # who has been told some news that others have not

    async def run(self) -> None:
        """Until cancelled."""
        await self._learn_languages()
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """One look, and what is to be told after it. Who stands by leaves the telling to the one that works."""
        parts = (await self._readiness()).parts
        if parts["telegram"] == STANDING_BY:
            return
        self._troubles.note(parts, self._clock())
        for news in self._troubles.to_tell(self._clock()):
            if await self._tell_all(news):
                log.warning("owners_told", part=news.part, over=news.over, state=parts.get(news.part))
                self._troubles.told(news)

    async def _tell_all(self, news: News) -> bool:
        """Whether everybody who can be told has been."""
        await self._learn_languages()
        heard = self._heard.setdefault((news.part, news.over), set())
        for owner in self._owners:
            if owner not in heard and await self._tell(owner, news):
                heard.add(owner)
        if heard < set(self._owners):
            return False
        del self._heard[news.part, news.over]
        if news.over:  # its beginning is nobody's news any more, whoever has not heard of it
            self._heard.pop((news.part, False), None)
        return True

    async def _tell(self, owner: int, news: News) -> bool:
        tr = self._catalogues[self._languages.get(owner, self._catalogues.default)]
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await chat.send(self._bot, owner, Screen(text=news.words(tr)))
        except (TelegramForbiddenError, TelegramBadRequest) as error:  # they have never opened the bot, or blocked it
            log.info("owner_out_of_reach", telegram_id=owner, error=error.message)
        except (AiogramError, TimeoutError) as error:
            log.info("owner_not_told_yet", telegram_id=owner, error=type(error).__name__)
            return False
        return True

    async def _learn_languages(self) -> None:
        """While the database can tell."""
        try:
            for owner in self._owners:
                if (user := await self._users.find(owner)) is not None:
                    self._languages[owner] = user.language
        except DatabaseUnavailable:
            return
