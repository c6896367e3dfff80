"""Sends letters. It needs no Telegram: who signs up while that is away gets the letter all the same."""

from collections.abc import Callable, Mapping

from bot.parts.core import Core
from bot.parts.part import Part
from bot.probes import Probe
from bot.wiring.mail import open_client
from mail.delivery import LetterDelivery, Post
from mail.notifications import presenters
from services.coordination.base import Topic


class MailPart(Part):
    def __init__(self, core: Core) -> None:
        self._core = core
        sender, site = core.settings.mail_from, core.settings.public_url
        client = open_client(core.settings)
        assert sender is not None
        assert site is not None  # the settings demand both beside a server
        assert client is not None
        post = Post(sender=sender, site=site)
        services = core.services
        self.delivery = LetterDelivery(
            services.letters, client, post, core.catalogues, presenters(services, post), clock=core.clock
        )
        core.health.registry.register(self.delivery.outcomes)
        core.coordination.hear(Topic.NEWS, lambda _: self.delivery.wake())

    def start(self) -> None:
        self._core.supervisor.keep(self.delivery.run, name="letters")

    @property
    def probes(self) -> Mapping[str, Probe]:
        return {"mail": self._state}

    @property
    def rounds(self) -> Mapping[str, Callable[[], float | None]]:
        return {"letters": lambda: self.delivery.came_round}

    async def _state(self) -> str:
        return self.delivery.state
