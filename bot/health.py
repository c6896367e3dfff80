"""Whether each part of the process can serve, for /readyz and /metrics."""

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from bot.shop import Shop
from db.errors import DatabaseUnavailable
from services.clock import SteadyClock
from web.app import Readiness

OLD_QUEUE_SECONDS = 300.0


class Health:
    """`telegram` answers `ok` or what is wrong with the connection."""

    def __init__(self, shop: Shop, clock: SteadyClock, telegram: Callable[[], Awaitable[str]]) -> None:
        self._shop = shop
        self._clock = clock
        self._telegram = telegram
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._queue = Gauge("kassandra_queue_length", "Predictions that wait", registry=self.registry)
        self._queue_age = Gauge("kassandra_queue_age_seconds", "Age of the oldest of them", registry=self.registry)
        self._outbox = Gauge("kassandra_outbox_length", "Messages that wait", registry=self.registry)
        self._outbox_age = Gauge("kassandra_outbox_age_seconds", "Age of the oldest of them", registry=self.registry)
        self._models = Gauge("kassandra_models_on_sale", "Models and presets on sale", registry=self.registry)

    async def readiness(self) -> Readiness:
        parts = {"telegram": await self._telegram(), "clock": clock_state(self._clock)}
        try:
            length, age = await self._shop.history.queue(self._clock())
            models = await self._shop.models.offers()
        except DatabaseUnavailable as error:
            return Readiness(parts=parts | {"database": str(error)})
        parts["database"] = "ok"
        parts["models"] = "ok" if models else "nothing is on sale"
        parts["queue"] = "ok" if age < OLD_QUEUE_SECONDS else f"{length} predictions wait, the oldest for {age:.0f} s"
        return Readiness(parts=parts)

    async def refresh(self) -> None:
        """Bring the gauges up to date; an unreachable database leaves them as they were."""
        try:
            length, age = await self._shop.history.queue(self._clock())
            letters, letter_age = await self._shop.outbox.backlog()
            offers = await self._shop.models.offers()
        except DatabaseUnavailable:
            return
        self._queue.set(length)
        self._queue_age.set(age)
        self._outbox.set(letters)
        self._outbox_age.set(letter_age)
        self._models.set(len(offers))


def clock_state(clock: SteadyClock) -> str:
    """`ok`, or how far off it is."""
    ahead = clock.ahead
    if ahead is not None:
        return f"{abs(ahead).days} days {'ahead' if ahead.days >= 0 else 'behind'}: bonuses and expiries wait"
    return "not compared with anybody's yet: bonuses and expiries wait" if clock.is_doubted else "ok"
