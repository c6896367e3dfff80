"""Owners hear once of what has been wrong for a while, and once that it is over; straight from the bot, since the
database itself may be what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError

from bot.leader import STANDING_BY
from bot.probes import OK
from db.errors import DatabaseUnavailable
from handlers.admin.incidents.screens import WRONG, over_text, wrong_text
from handlers.telegram import sender as chat
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues, Html, Translator
from services.clock import Clock
from services.coordination.base import Coordination
from services.users.accounts import Users
from web.readiness import Readiness

log = structlog.get_logger()

LOOK_SECONDS = 15.0
TRIED_SECONDS = 60.0  # whose process dies while it tells is told by another one after that
TELL_SECONDS = 10.0
TELL_AFTER: Final = timedelta(minutes=3)  # shorter incidents pass by themselves
OVER_AFTER: Final = timedelta(minutes=1)  # what comes again within that was not over


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Of a part: that something is wrong, or that it is `over`."""

    part: str
    over: bool
    words: Callable[[Translator], Html]


@dataclass(slots=True)
class Incident:
    """`over_at`: since when it seems to be; `told`: that it began."""

    detail: str
    since: datetime
    over_at: datetime | None = None
    told: bool = False


class Incidents:
    """What is wrong, by part. Nothing here waits or tells."""

    def __init__(self) -> None:
        self._by_part: dict[str, Incident] = {}

    def note(self, parts: Mapping[str, str], now: datetime) -> None:
        """What /readyz says now. A part that it does not speak of is as it was."""
        for part in parts.keys() & WRONG.keys():
            incident = self._by_part.get(part)
            if parts[part] != OK:
                incident = self._by_part.setdefault(part, Incident(detail=parts[part], since=now))
                incident.over_at = None
            elif incident is not None and incident.over_at is None:
                incident.over_at = now

    def to_tell(self, now: datetime) -> Iterator[Notice]:
        """Until `told` says that it was."""
        for part, incident in list(self._by_part.items()):
            if incident.over_at is None:
                if not incident.told and now - incident.since >= TELL_AFTER:
                    yield _begin(part, incident)
            elif now - incident.over_at >= OVER_AFTER:
                if incident.told or incident.over_at - incident.since >= TELL_AFTER:
                    yield _end(part, incident, incident.over_at)
                else:
                    del self._by_part[part]

    def told(self, notice: Notice) -> None:
        if notice.over:
            del self._by_part[notice.part]
        else:
            self._by_part[notice.part].told = True


def _begin(part: str, incident: Incident) -> Notice:
    return Notice(part=part, over=False, words=lambda tr: wrong_text(part, incident.detail, incident.since, tr))


def _end(part: str, incident: Incident, over_at: datetime) -> Notice:
    since, told = incident.since, incident.told
    return Notice(part=part, over=True, words=lambda tr: over_text(part, since, over_at, tr, told=told))


def _key(notice: Notice, what: str) -> str:
    return f"incident:{notice.part}:{'over' if notice.over else 'begun'}:{what}"


class IncidentNotices:
    """Looks at `readiness` and tells the owners, unless another process has told them of the same. What cannot be told
    now, because Telegram itself is away, is told when it is back."""

    def __init__(
        self,
        bot: Bot,
        owners: tuple[int, ...],
        readiness: Callable[[], Awaitable[Readiness]],
        *,
        users: Users,
        catalogues: Catalogues,
        clock: Clock,
        coordination: Coordination,
    ) -> None:
        self._name = uuid4().hex
        self._coordination = coordination
        self._bot = bot
        self._owners = owners
        self._readiness = readiness
        self._users = users
        self._catalogues = catalogues
        self._clock = clock
        self._languages: dict[int, str] = {}
        self._incidents = Incidents()
        self._heard: dict[tuple[str, bool], set[int]] = {}  # who has been told some notice that others have not

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
        self._incidents.note(parts, self._clock())
        for notice in self._incidents.to_tell(self._clock()):
            if await self._is_told(notice):
                self._forget(notice)
                self._incidents.told(notice)
            elif await self._is_ours(notice) and await self._tell_all(notice):
                log.warning("owners_told", part=notice.part, over=notice.over, state=parts.get(notice.part))
                await self._note_told(notice)
                self._incidents.told(notice)

    async def _is_told(self, notice: Notice) -> bool:
        """By another process. Who cannot know tells: twice is better than never."""
        try:
            return await self._coordination.seen(_key(notice, "told"))
        except DatabaseUnavailable:
            return False

    async def _is_ours(self, notice: Notice) -> bool:
        """To tell: no other process is at it."""
        try:
            return await self._coordination.claim(_key(notice, "telling"), self._name, seconds=TRIED_SECONDS)
        except DatabaseUnavailable:
            return True

    async def _note_told(self, notice: Notice) -> None:
        """For as long as no other incident of that part can be news: others see this one a moment later."""
        with suppress(DatabaseUnavailable):
            await self._coordination.remember(_key(notice, "told"), seconds=TELL_AFTER.total_seconds())

    async def _tell_all(self, notice: Notice) -> bool:
        """Whether everybody who can be told has been."""
        await self._learn_languages()
        heard = self._heard.setdefault((notice.part, notice.over), set())
        for owner in self._owners:
            if owner not in heard and await self._tell(owner, notice):
                heard.add(owner)
        if heard < set(self._owners):
            return False
        self._forget(notice)
        return True

    def _forget(self, notice: Notice) -> None:
        """Who has heard of it."""
        self._heard.pop((notice.part, notice.over), None)
        if notice.over:  # who has not heard of its beginning need not any more
            self._heard.pop((notice.part, False), None)

    async def _tell(self, owner: int, notice: Notice) -> bool:
        tr = self._catalogues[self._languages.get(owner, self._catalogues.default)]
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await chat.send(self._bot, owner, Screen(text=notice.words(tr)))
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
