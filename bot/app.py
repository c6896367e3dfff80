"""The composition root: builds everything a process runs, once, and runs it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, NoReturn

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Update

from bot.clock_watch import ClockWatch
from bot.connection import Connection, lasting
from bot.errors import StartError
from bot.health import Health
from bot.housekeeping import keep_files, keep_house
from bot.incidents import IncidentNotices
from bot.leader import STANDING_BY, Leader
from bot.polling import Polling
from bot.probes import OK, answers, can_write, jobs_elsewhere, jobs_of, tasks_of
from bot.scheduler import LastRuns, look_again, make_scheduler
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.telegram_time import telegram_time
from bot.webhook_watch import WebhookWatch
from bot.wiring.bonuses import keep_bonuses_coming
from bot.wiring.coordination import open_shared
from bot.wiring.inference import RUNTIMES
from bot.wiring.payments import keep_money_moving, tell_why_closed
from bot.wiring.services import make_services
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.process_locks import LeaderLock
from handlers.dispatcher import ALLOWED_UPDATES, make_dispatcher
from handlers.kit.commands import set_commands
from handlers.kit.deferred import DeferredUpdates
from handlers.kit.form_state import FormState
from handlers.kit.topics import InTopic
from handlers.notifications import presenters
from handlers.predictions.progress import LEAD_SECONDS, ProgressBoard
from handlers.telegram.client import make_bot
from handlers.telegram.delivery import Delivery
from handlers.telegram.inbox import Inbox, UpdateOutcome
from handlers.telegram.messages import NoteDoubts
from handlers.telegram.storage import OneAtATime
from i18n.translator import Catalogues
from services.clock import Clock, SteadyClock, system_clock
from services.coordination.base import Topic
from services.inference.engine import Engine
from services.inference.runtimes.registry import Runtimes
from services.notifications.owners import tell_what_waited
from services.predictions.worker import Worker
from services.stored_times import bring_forward, last_written

log = structlog.get_logger()

PARTS: Final = frozenset({"bot", "web", "worker", "scheduler"})
MODEL_THREADS = 2
DRAIN_SECONDS = 5.0


class App:
    """One process of the shop. `parts`: `bot` talks to Telegram and delivers, `web` answers HTTP, `worker` runs
    predictions, `scheduler` keeps the clock. Use `running`."""

    def __init__(
        self,
        settings: Settings,
        *,
        parts: Collection[str] = PARTS,
        clock: Clock = system_clock,
        runtimes: Runtimes = RUNTIMES,
    ) -> None:
        self.settings = settings
        self.parts = frozenset(parts)
        self.clock = clock
        self.steady_clock = SteadyClock(clock)
        self.db = Database(settings.database_url)
        self.catalogues = Catalogues(default=settings.default_language, zone=settings.timezone)
        shared = open_shared(settings, self.db, self.steady_clock)
        self.coordination, self.storage, self._ping = shared.coordination, shared.storage, shared.ping
        self.services = make_services(
            settings, self.db, self.steady_clock, runtimes, self.coordination, on_models=self._models_changed
        )
        token, proxy = settings.bot_token.get_secret_value(), settings.telegram_proxy
        self.bot: Bot = make_bot(token, settings.telegram_api_url, proxy)
        self.engine = Engine(runtimes, max_threads=MODEL_THREADS)
        told = partial(self.coordination.tell, Topic.NEWS)
        files = self.services.files
        self.worker = Worker(self.db, self.engine, self.steady_clock, files, told, owners=settings.owner_ids)
        self.supervisor = Supervisor()
        shown = presenters(self.services, self.steady_clock, self._form_waits)
        self.delivery = Delivery(
            self.bot,
            self.services.outbox,
            self.services.users,
            self.catalogues,
            shown,
            coordination=self.coordination,
        )
        for note in (NoteDoubts(self.delivery.messages), InTopic()):  # inside of what repeats
            self.bot.session.middleware(note)
        self.deferred = DeferredUpdates(self._answer_deferred, shared.deferred)
        self.dispatcher: Dispatcher = make_dispatcher(
            self.services,
            self.catalogues,
            self.storage,
            OneAtATime(self.coordination),
            deferred=self.deferred,
            messages=self.delivery.messages,
            on_entered=self._entered,
        )
        self.connection = Connection(self.bot, settings, ALLOWED_UPDATES)
        self.health = Health(self.services, self.steady_clock)
        self.inbox = Inbox(self.bot, self.dispatcher, self.health.registry)
        self.polling = Polling(self.bot, self.inbox, self.supervisor, ALLOWED_UPDATES)
        self.health.registry.register(self.delivery.outcomes)
        self.leader = None if self.db.is_sqlite else Leader(LeaderLock(self.db))
        self.clock_watch = ClockWatch(
            self.steady_clock, partial(telegram_time, settings.telegram_api_url, proxy), self._sure_of_time
        )
        self.webhook_watch = WebhookWatch(
            self.bot, settings.webhook_url, self.connection.hook, asyncio.get_running_loop().time
        )
        self.web_port: int | None = None
        self._failure: asyncio.Queue[StartError] = asyncio.Queue()
        self._scheduler = make_scheduler(settings.timezone)
        self.coordination.hear(Topic.NEWS, lambda _: self.delivery.wake())
        self.coordination.hear(Topic.SOLD, self.worker.wake)
        self.coordination.hear(Topic.MODELS, self._hear_of_models)
        self._last_runs = LastRuns(self._scheduler, asyncio.get_running_loop().time)
        self._look_at_all()

    def look_again(self) -> None:
        """The clock was moved on purpose: what it wakes is due by the new time."""
        self.steady_clock.accept()
        look_again(self._scheduler)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["App"]:
        """Start all parts; on the way out stop taking updates, let handlers finish, give back what is claimed."""
        scheduler = self._scheduler
        listening = self._listen() if "web" in self.parts else None
        try:
            await self._start(listening)
            if "scheduler" in self.parts:
                doubted = self._doubts_time
                keep_house(scheduler, self.db, self.storage, self.steady_clock, self._last_runs, doubted=doubted)
                keep_files(scheduler, self.services.file_cleanup, doubted)
                keep_money_moving(scheduler, self.services.payments, self.services.reminders, doubted)
                keep_bonuses_coming(scheduler, self.settings, self.services.bonuses, doubted)
                scheduler.start()
            yield self
        finally:
            if scheduler.running:
                scheduler.shutdown(wait=False)
            await self._stop()
            if listening is not None:
                listening.close()

    async def _start(self, listening: socket.socket | None) -> None:
        self.steady_clock.compare(await self.db.read(last_written))
        self.supervisor.keep(self.coordination.run, name="coordination")
        self.supervisor.keep(self.clock_watch.run, name="clock")
        self.supervisor.keep(self.deferred.run, name="deferred")
        await tell_why_closed(self.settings, self.db, self.steady_clock)
        if known := "worker" in self.parts and await self.services.models.recall():
            self._meet_telegram(listening)  # whoever writes now need not wait for models that take seconds to load
        await self._read_models()
        if "worker" in self.parts:
            self.supervisor.keep(self.worker.run, name="worker")
        if not known:
            self._meet_telegram(listening)
        if self.settings.telegram_mode == "polling":
            self._serve(listening)
        log.info(
            "started", parts=sorted(self.parts), models=len(await self.services.models.offers()), web_port=self.web_port
        )

    async def _read_models(self) -> None:
        """Only who loads the models knows which can be served, and tells the owners of the others."""
        models, loads = self.services.models, "worker" in self.parts
        problems = await (models.sync(self.engine) if loads else models.sync_new())
        for problem in problems:
            log.error("model_not_served", model=problem.slug, problem=problem.text)
        if loads:
            await models.tell_owners(self.settings.owner_ids, problems)

    def _meet_telegram(self, listening: socket.socket | None) -> None:
        """What it has for us we ask for, or let it bring."""
        if self.settings.telegram_mode == "webhook":
            self._serve(listening)
        if self.parts & {"bot", "web"}:
            self.supervisor.keep(self._connect, name="connection")

    def _serve(self, listening: socket.socket | None) -> None:
        if listening is None:
            return
        if self.services.payments is not None:
            self.supervisor.keep(self.services.payments.events.run, name="notifications")
        from bot.wiring.web import shop_server  # FastAPI and uvicorn: 10 MB and 0.15 s for this part alone

        server = shop_server(self.settings, self.services, self.health, self._feed)
        self.supervisor.keep(lambda: server.serve_on(listening), name="web")

    async def failed(self) -> NoReturn:
        """Waits for what the process cannot go on with. Raises `StartError`."""
        raise await self._failure.get()

    async def _stop(self) -> None:
        await self.supervisor.close(first=("connection", "polling", "web", "commands"), drain=DRAIN_SECONDS)
        if self.services.payments is not None:
            self.services.payments.close()
        await self.engine.close()
        await self.storage.close()
        await self.bot.session.close()
        await self.db.close()

    async def _connect(self) -> None:
        """What needs Telegram begins once Telegram knows of us; everything else has begun before."""
        try:
            await self.connection.make(self.parts)
        except StartError as error:
            self._failure.put_nowait(error)
            return
        self.polling.last_ok = asyncio.get_running_loop().time()
        self.supervisor.spawn(self._set_commands(), name="commands")
        if self.settings.telegram_mode == "webhook" and "web" in self.parts:
            self.supervisor.keep(self.webhook_watch.run, name="webhook")
        if "bot" in self.parts:
            self._talk()

    def _talk(self) -> None:
        board = ProgressBoard(
            self.bot,
            self.delivery,
            history=self.services.history,
            cancel=self.services.cancel,
            users=self.services.users,
            catalogues=self.catalogues,
            clock=self.steady_clock,
            leads=self._leads,
        )
        incidents = IncidentNotices(
            self.bot,
            self.settings.owner_ids,
            self.health.readiness,
            users=self.services.users,
            catalogues=self.catalogues,
            clock=self.steady_clock,
            coordination=self.coordination,
        )
        self.supervisor.keep(incidents.run, name="incidents")
        self.supervisor.keep(self.delivery.run, name="delivery")
        self.supervisor.keep(board.run, name="progress")
        if self.settings.telegram_mode == "polling":
            self.supervisor.keep(self._poll, name="polling")

    async def _leads(self) -> bool:
        if self.leader is not None and self.leader.stands_by:
            return False
        return await self.coordination.claim("progress", self.worker.name, seconds=LEAD_SECONDS)

    async def _poll(self) -> None:
        """A token that is taken away while the shop runs ends it like one that never was good."""
        try:
            await (self.polling.run() if self.leader is None else self.leader.run(self.polling.run))
        except AiogramError as error:
            if (line := lasting(error, self.settings)) is None:
                raise
            self._failure.put_nowait(StartError(line))

    async def _set_commands(self) -> None:
        try:
            await set_commands(self.bot, self.catalogues, self.services.features)
        except AiogramError as error:  # the shop works without a commands menu
            log.warning("commands_not_set", error=str(error))

    async def _answer_deferred(self, update: Update) -> None:
        await self.dispatcher.feed_update(self.bot, update)

    async def _feed(self, raw: Any) -> bool:  # Any: Telegram's JSON
        self.webhook_watch.hear()
        return await self.inbox.take(raw) is UpdateOutcome.DONE

    def _listen(self) -> socket.socket:
        from bot.http.listening import listen

        host, port = self.settings.web_host, self.settings.web_port
        try:
            listening = listen(host, port)
        except OSError as error:
            raise StartError(f"WEB_HOST, WEB_PORT: cannot listen on {host}:{port} ({error.strerror})") from error
        self.web_port = listening.getsockname()[1]
        return listening

    def _look_at_all(self) -> None:
        rounds = {"worker": lambda: self.worker.came_round, "delivery": lambda: self.delivery.came_round}
        self.health.look_at(
            telegram=self._telegram_state,
            database=can_write(self.db, self.steady_clock),
            jobs=jobs_of(self._last_runs) if "scheduler" in self.parts else jobs_elsewhere(self.db, self.steady_clock),
            tasks=tasks_of(self.supervisor, rounds),
        )
        if self._ping is not None:
            self.health.look_at(redis=answers(self._ping))

    async def _telegram_state(self) -> str:
        if not self.parts & {"bot", "web"}:
            return OK
        if not self.connection.made.is_set():
            return self.connection.state
        if self.settings.telegram_mode == "webhook":
            return self.webhook_watch.state
        if "bot" not in self.parts:
            return OK
        if self.leader is not None and self.leader.stands_by:
            return STANDING_BY
        return self.polling.state or OK

    async def _entered(self, telegram_id: int) -> None:
        """An owner who had not opened the bot, or had blocked it, could not be told what only owners can mend."""
        if telegram_id not in self.settings.owner_ids:
            return
        try:
            if await tell_what_waited(self.db, telegram_id, self.steady_clock()):
                self.coordination.tell(Topic.NEWS)
        except DatabaseUnavailable as error:  # it waits for their next message
            log.warning("owner_news_wait_for_database", error=str(error))

    def _doubts_time(self) -> bool:
        return self.steady_clock.is_doubted

    async def _sure_of_time(self) -> None:
        if waited := await self.db.write(bring_forward, self.steady_clock()):
            log.warning("put_off_by_a_wrong_clock", rows=waited)

    async def _form_waits(self, telegram_id: int) -> bool:
        key = StorageKey(bot_id=self.bot.id, chat_id=telegram_id, user_id=telegram_id)
        return FormState.load(await self.storage.get_data(key)) is not None

    def _models_changed(self) -> None:
        self.coordination.tell(Topic.MODELS, self.worker.name)

    def _hear_of_models(self, teller: str) -> None:
        if teller != self.worker.name:
            self.supervisor.spawn(self._read_models_again(), name="models")

    async def _read_models_again(self) -> None:
        for problem in await self.services.models.read_again(self._engine_of_worker()):
            log.error("model_not_served", model=problem.slug, problem=problem.text)

    def _engine_of_worker(self) -> Engine | None:
        return self.engine if "worker" in self.parts else None
