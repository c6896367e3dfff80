"""Forecasts that are judged, what came, and the chain of what was published."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, JsonObject, Key, Word, one_of, partial_index


class ForecastOrigin(StrEnum):
    LIST = "list"
    """Made by the shop itself, every week, for a paper of its list: it is published."""
    CUSTOMER = "customer"


class VoidReason(StrEnum):
    """Why nothing can be said of what came."""

    DELISTED = "delisted"
    HALTED = "halted"
    UNKNOWN = "unknown"
    """Its source knows the paper no more."""
    NO_ANCHOR = "no_anchor"
    """The source has no close of the last day that the forecast knew."""
    JUMPED = "jumped"
    """A price between jumped, and no split explains it."""
    SILENT = "silent"
    """For months nothing could be had of its source."""


class EntryKind(StrEnum):
    FORECAST = "forecast"
    JUDGEMENT = "judgement"
    LISTED = "listed"
    """A paper was put on the list."""
    UNLISTED = "unlisted"


class ListedInstrument(Base):
    """A paper that the shop forecasts by itself. Taken off the list, its row stays; nothing else of it ever changes."""

    __tablename__ = "listed_instruments"
    __table_args__ = (
        partial_index(
            "uq_listed_instruments_now", "model_slug", "source_key", "symbol", where="until IS NULL", unique=True
        ),
    )

    id: Mapped[Key]
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    source_key: Mapped[str] = mapped_column(String(64))
    source: Mapped[JsonObject]  # of a LivePrices, with this symbol alone
    symbol: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    exchange: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Forecast(Base):
    """One answer that is or will be judged. One of the list never changes."""

    __tablename__ = "forecasts"
    __table_args__ = (
        CheckConstraint(one_of("origin", ForecastOrigin), name="origin_known"),
        CheckConstraint("(origin = 'list') = (week IS NOT NULL)", name="list_by_weeks"),
        CheckConstraint("origin = 'customer' OR prediction_id IS NULL", name="list_is_nobodys"),
        UniqueConstraint("prediction_id"),
        UniqueConstraint("model_slug", "source_key", "symbol", "week"),
        Index(None, "source_key", "symbol"),
    )

    id: Mapped[Key]
    origin: Mapped[Word]
    prediction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("predictions.id", ondelete="RESTRICT")
    )  # of a customer who is still here
    week: Mapped[str | None] = mapped_column(String(8))  # 2026-W48; one a week and paper
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    model_version: Mapped[str] = mapped_column(String(32))
    model_sha256: Mapped[str] = mapped_column(String(64))  # of its files; empty where the shop cannot know it
    source_key: Mapped[str] = mapped_column(String(64))
    source: Mapped[JsonObject]  # of a LivePrices, with this symbol alone
    symbol: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    exchange: Mapped[str] = mapped_column(String(64))
    last_day: Mapped[date]
    last_close: Mapped[float]
    horizon: Mapped[int]
    said: Mapped[JsonObject]  # {"outcomes": a list of what was said of each}
    made_at: Mapped[datetime]


class OpenForecast(Base):
    """It waits for what comes; gone once it is judged or void."""

    __tablename__ = "open_forecasts"
    __table_args__ = (
        CheckConstraint(
            f"unjudgeable_as IS NULL OR {one_of('unjudgeable_as', VoidReason)}", name="unjudgeable_as_known"
        ),
        CheckConstraint("(unjudgeable_as IS NULL) = (unjudgeable_since IS NULL)", name="unjudgeable_since_known"),
    )

    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecasts.id", ondelete="CASCADE"), primary_key=True)
    due_on: Mapped[date]  # its horizon may have passed
    next_look_at: Mapped[datetime] = mapped_column(index=True)
    unjudgeable_since: Mapped[datetime | None]  # since that look nothing could be told of what came, and why:
    unjudgeable_as: Mapped[str | None] = mapped_column(String(16))  # a VoidReason
    unjudgeable_at: Mapped[datetime | None]  # when it was last seen so


class ForecastOutcome(Base):
    """What came of one thing that a forecast said. Written once; what was observed stays, whatever prices become."""

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("forecast_id", "name"),
        CheckConstraint("(void IS NULL) = (came IS NOT NULL)", name="judged_or_void"),
        CheckConstraint("(came IS NULL) = (observed IS NULL)", name="came_is_observed"),
        CheckConstraint(f"void IS NULL OR {one_of('void', VoidReason)}", name="void_known"),
    )

    id: Mapped[Key]
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecasts.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(16))
    output: Mapped[str] = mapped_column(String(64))
    measure: Mapped[float]  # the threshold of a drawdown, else the level
    stated: Mapped[float | None]  # the probability or the quantile; null of a band
    bin: Mapped[int | None] = mapped_column(Integer)  # of a probability: 0 to 9
    came: Mapped[bool | None]
    observed: Mapped[float | None]  # the worst change (drawdown) or the change until the horizon, in per cent
    score: Mapped[float | None]  # Brier, pinball or interval score
    until: Mapped[date | None]  # the day of the horizon
    void: Mapped[str | None] = mapped_column(String(16))  # a VoidReason
    judged_at: Mapped[datetime]


class ChainEntry(Base):
    """A published forecast, judgement or change of the list, by its number. Its text is made of the rows; its hash is
    of that text and of the hash before it."""

    __tablename__ = "chain_entries"
    __table_args__ = (
        UniqueConstraint("forecast_id", "kind"),
        UniqueConstraint("listed_id", "kind"),
        CheckConstraint(one_of("kind", EntryKind), name="kind_known"),
        CheckConstraint("(kind IN ('listed', 'unlisted')) = (listed_id IS NOT NULL)", name="of_a_list"),
        CheckConstraint("(forecast_id IS NULL) = (listed_id IS NOT NULL)", name="of_one_thing"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[Word]
    at: Mapped[datetime]  # when it was published
    forecast_id: Mapped[int | None] = mapped_column(ForeignKey("forecasts.id", ondelete="RESTRICT"))
    listed_id: Mapped[int | None] = mapped_column(ForeignKey("listed_instruments.id", ondelete="RESTRICT"))
    hash: Mapped[str] = mapped_column(String(64))


class ChainHead(Base):
    """How long the chain is and how it ends, kept apart: its last entries cannot just be cut."""

    __tablename__ = "forecast_chain"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    length: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
