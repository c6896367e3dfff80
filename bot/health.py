"""Whether each part of the process can serve, for /readyz and /metrics."""

import asyncio
from datetime import timedelta

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from bot.probes import OK, Probe
from db.errors import DatabaseUnavailable
from services.clock import SteadyClock
from services.container import Services
from services.stuck import Stuck
from web.readiness import Readiness

OLD_QUEUE_SECONDS = 300.0
MINUTE = timedelta(minutes=1)
OLD_MESSAGE_SECONDS = 180.0  # a shorter outage of Telegram passes by itself


class Health:
    """`look_at` names what else is to be looked at, and what looks at it; one of them is `database`."""

    def __init__(self, services: Services, clock: SteadyClock) -> None:
        self._services = services
        self._clock = clock
        self._writes = services.features.letters  # without a mail server what waits is not late
        self._probes: dict[str, Probe] = {}
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._queue = Gauge("kassandra_queue_length", "Predictions that wait", registry=self.registry)
        self._queue_age = Gauge("kassandra_queue_age_seconds", "Age of the oldest of them", registry=self.registry)
        self._outbox = Gauge("kassandra_outbox_length", "Messages that wait", registry=self.registry)
        self._outbox_age = Gauge("kassandra_outbox_age_seconds", "Age of the oldest of them", registry=self.registry)
        self._letters = Gauge("kassandra_mails_waiting", "Letters that wait", registry=self.registry)
        self._letters_age = Gauge("kassandra_mails_age_seconds", "Age of the oldest of them", registry=self.registry)
        self._models = Gauge("kassandra_models_on_sale", "Models and presets on sale", registry=self.registry)

    def look_at(self, **probes: Probe) -> None:
        self._probes |= probes

    async def readiness(self) -> Readiness:
        said = await asyncio.gather(*(probe() for probe in self._probes.values()))
        parts = dict(zip(self._probes, said, strict=True)) | {"clock": clock_state(self._clock)}
        if parts["database"] == OK:
            parts |= await self._goods()
        if parts.get("telegram", OK) != OK:  # the messages wait for just that
            parts.pop("messages", None)
        return Readiness(parts=parts)

    async def _goods(self) -> dict[str, str]:
        try:
            length, age = await self._services.history.queue(self._clock())
            models = await self._services.models.sold()
            kept_back, (notifications, _) = (
                await self._services.outbox.kept_back(),
                await self._services.outbox.backlog(),
            )
            tables, uploads = await self._services.scorings.stuck(), await self._services.upload_management.stuck()
        except DatabaseUnavailable as error:  # just now
            return {"database": str(error).splitlines()[0]}
        waits = f"{length} predictions wait, the oldest for {age:.0f} s"
        stuck = f"cannot be sent since {kept_back // 60:.0f} minutes: {notifications} wait"
        return {
            "models": OK if models else "nothing is on sale",
            "queue": OK if age < OLD_QUEUE_SECONDS else waits,
            "tables": stuck_words(tables),
            "uploads": stuck_words(uploads),
            "messages": OK if kept_back < OLD_MESSAGE_SECONDS else stuck,
        }

    async def refresh(self) -> None:
        """Bring the gauges up to date; an unreachable database leaves them as they were."""
        try:
            length, age = await self._services.history.queue(self._clock())
            notifications, notification_age = await self._services.outbox.backlog()
            letters, letter_age = await self._services.letters.backlog() if self._writes else (0, 0.0)
            offers = await self._services.models.sold()
        except DatabaseUnavailable:
            return
        self._queue.set(length)
        self._queue_age.set(age)
        self._outbox.set(notifications)
        self._outbox_age.set(notification_age)
        self._letters.set(letters)
        self._letters_age.set(letter_age)
        self._models.set(len(offers))


def stuck_words(stuck: Stuck) -> str:
    """`ok`, or how many nobody gets on with."""
    return f"nobody gets on with {stuck.count}, for {stuck.longest // MINUTE} min" if stuck.count else OK


def clock_state(clock: SteadyClock) -> str:
    """`ok`, or how far off it is."""
    ahead = clock.ahead
    if ahead is not None:
        return f"{abs(ahead).days} days {'ahead' if ahead.days >= 0 else 'behind'}: bonuses and expiries wait"
    if clock.differs:
        return "more than a day from Telegram's: bonuses and expiries wait"
    return "not compared with anybody's yet: bonuses and expiries wait" if clock.is_doubted else "ok"
