"""The composition root: puts the parts of one process together, and runs them."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

import structlog
from aiogram.exceptions import AiogramError

from bot.clock_watch import ClockWatch
from bot.errors import StartError
from bot.parts.chat import Chat
from bot.parts.core import open_core
from bot.parts.folders import ModelFolders
from bot.parts.http import HttpPart
from bot.parts.part import Part
from bot.parts.telegram import TelegramPart
from bot.parts.webhooks import WebhookPart
from bot.probes import OK, answers, can_write, jobs_elsewhere, tasks_of
from bot.settings import Settings
from bot.telegram_time import telegram_time
from bot.wiring.inference import RUNTIMES
from bot.wiring.mail import tell_letters_closed
from bot.wiring.payments import tell_why_closed
from handlers.kit.commands import set_commands, set_menu_button
from services.clock import Clock, system_clock
from services.inference.runtimes.registry import Runtimes
from services.stored_times import bring_forward, last_written

if TYPE_CHECKING:
    from bot.parts.mail import MailPart
    from bot.parts.schedule import SchedulePart
    from bot.parts.worker import WorkerPart

log = structlog.get_logger()

PARTS: Final = frozenset({"bot", "web", "worker", "scheduler"})
DRAIN_SECONDS = 5.0


class App:
    """One process of the shop. `parts`: `bot` talks to Telegram, delivers there, by e-mail
    and to webhooks of customers, `web` answers HTTP,
    `worker` runs predictions, `scheduler` keeps the clock. Use `running`."""

    def __init__(
        self,
        settings: Settings,
        *,
        parts: Collection[str] = PARTS,
        clock: Clock = system_clock,
        runtimes: Runtimes = RUNTIMES,
    ) -> None:
        self.core = core = open_core(settings, clock, runtimes)
        self.settings, self.clock, self.db, self.services = settings, clock, core.db, core.services
        self.bot, self.storage, self.catalogues = core.bot, core.storage, core.catalogues
        self.supervisor, self.health = core.supervisor, core.health
        self.chat = Chat(core)
        self.names = frozenset(parts)
        self.worker: WorkerPart | None = None
        if "worker" in parts:
            from bot.parts import worker

            self.worker = worker.WorkerPart(core, runtimes)
        self.http = HttpPart(core, self.chat) if "web" in parts else None
        self.telegram = TelegramPart(core, self.chat) if "bot" in parts else None
        self.schedule: SchedulePart | None = None
        if "scheduler" in parts:
            from bot.parts import schedule  # with APScheduler: 2 MB for this part alone

            self.schedule = schedule.SchedulePart(core)
        self.mail: MailPart | None = None
        if "bot" in parts and settings.smtp_url is not None:
            from bot.parts import mail  # with aiosmtplib: for shops that write letters

            self.mail = mail.MailPart(core)
        webhooks = WebhookPart(core) if "bot" in parts else None
        given: tuple[Part | None, ...] = (self.worker, self.http, self.telegram, self.mail, webhooks, self.schedule)
        self._parts = [part for part in given if part is not None]
        self._talks = self.http is not None or self.telegram is not None
        self._folders = ModelFolders(core, None if self.worker is None else self.worker.engine)
        their_time = partial(telegram_time, settings.telegram_api_url, settings.telegram_proxy)
        self.clock_watch = ClockWatch(core.clock, their_time, self._sure_of_time)
        self._look_at_all()

    @property
    def web_port(self) -> int | None:
        return None if self.http is None else self.http.port

    def run_jobs_now(self) -> None:
        """The clock was moved on purpose: what it wakes is due by the new time."""
        self.core.clock.accept()
        if self.schedule is not None:
            self.schedule.run_jobs_now()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["App"]:
        """Start all parts; on the way out stop taking updates, let handlers finish, give back what is claimed."""
        try:
            for part in self._parts:
                part.open()
            await self._start()
            yield self
        finally:
            await self._stop()

    async def failed(self) -> NoReturn:
        """Waits for what the process cannot go on with. Raises `StartError`."""
        raise await self.core.failures.get()

    async def _start(self) -> None:
        self.core.clock.compare(await self.db.read(last_written))
        self.supervisor.keep(self.core.coordination.run, name="coordination")
        self.supervisor.keep(self.clock_watch.run, name="clock")
        await tell_why_closed(self.settings, self.db, self.core.clock)
        if self.telegram is not None:
            await tell_letters_closed(self.settings, self.services.letters)
        if known := await self._folders.recall():
            self._meet_telegram()  # whoever writes now need not wait for models that take seconds to load
        await self._folders.read()
        self.supervisor.keep(self._folders.watch_uploads, name="uploads")
        await self.services.plans.all()
        if not known:
            self._meet_telegram()
        for part in self._parts:
            part.start()
        models = len(await self.services.models.sold())
        log.info("started", parts=sorted(self.names), models=models, web_port=self.web_port)

    def _meet_telegram(self) -> None:
        if not self._talks:
            return
        self.chat.start()
        for part in self._parts:
            part.meet_telegram()
        self.supervisor.keep(self._connect, name="connection")

    async def _stop(self) -> None:
        for part in self._parts:
            part.stop()
        await self.supervisor.close(first=("connection", "polling", "web", "commands"), drain=DRAIN_SECONDS)
        for part in self._parts:
            await part.close()
        await self.core.close()

    async def _connect(self) -> None:
        """What needs Telegram begins once Telegram knows of us; everything else has begun before."""
        try:
            await self.chat.connection.make(self.names)
        except StartError as error:
            self.core.failures.put_nowait(error)
            return
        self.supervisor.spawn(self._set_commands(), name="commands")
        for part in self._parts:
            part.talk()

    async def _set_commands(self) -> None:
        try:
            await set_commands(self.bot, self.catalogues, self.services.features)
        except AiogramError as error:  # the shop works without a commands menu
            log.warning("commands_not_set", error=str(error))
        try:
            await set_menu_button(self.bot, self.settings.mini_app_url)
        except AiogramError as error:  # as above
            log.warning("menu_button_not_set", error=str(error))

    def _look_at_all(self) -> None:
        rounds = {name: last for part in self._parts for name, last in part.rounds.items()}
        self.health.look_at(
            telegram=self._telegram_state,
            database=can_write(self.db, self.core.clock),
            jobs=jobs_elsewhere(self.db, self.core.clock),
            tasks=tasks_of(self.supervisor, rounds),
        )
        if self.core.ping is not None:
            self.health.look_at(redis=answers(self.core.ping))
        for part in self._parts:
            self.health.look_at(**part.probes)

    async def _telegram_state(self) -> str:
        if not self._talks:
            return OK
        if not self.chat.connection.made.is_set():
            return self.chat.connection.state
        return next((state for part in self._parts if (state := part.telegram_state()) != OK), OK)

    async def _sure_of_time(self) -> None:
        if waited := await self.db.write(bring_forward, self.core.clock()):
            log.warning("put_off_by_a_wrong_clock", rows=waited)
