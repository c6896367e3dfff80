"""What every part of the till works with."""

from collections.abc import Callable
from dataclasses import dataclass

from db.engine import Database
from services.clock import Clock
from services.payments.pricing import Terms
from services.payments.providers.base import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`on_news` is called when a message was put into the outbox."""

    db: Database
    clock: Clock
    provider: Provider
    terms: Terms
    on_news: Callable[[], None]
