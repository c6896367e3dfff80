"""Tells endpoints of customers what happened. It needs no Telegram."""

from collections.abc import Callable, Mapping

from prometheus_client import Counter

from bot.parts.core import Core
from bot.parts.part import Part
from services.coordination.base import Topic
from services.webhooks.sender import WebhookSender

OUTCOMES = ("delivered", "retried", "failed")


class WebhookPart(Part):
    def __init__(self, core: Core) -> None:
        self._core = core
        outcomes = Counter("kassandra_webhooks", "Tries of webhooks by what became of them", ["outcome"], registry=None)
        for outcome in OUTCOMES:
            outcomes.labels(outcome=outcome)
        core.health.registry.register(outcomes)
        self.sender = WebhookSender(
            core.db,
            core.clock,
            loopback=core.settings.webhooks_loopback,
            on_news=lambda: core.coordination.tell(Topic.NEWS),
            on_outcome=lambda outcome: outcomes.labels(outcome=outcome).inc(),
        )
        core.coordination.hear(Topic.NEWS, lambda _: self.sender.wake())

    def start(self) -> None:
        self._core.supervisor.keep(self.sender.run, name="webhooks")

    @property
    def rounds(self) -> Mapping[str, Callable[[], float | None]]:
        return {"webhooks": lambda: self.sender.came_round}
