"""Prices of papers, as exchanges told them, and the papers that customers took last."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, JsonObject, Key


class MarketSeries(Base):
    """A paper's closes, for all customers and processes. `provider`: with its address, where it has one of its own."""

    __tablename__ = "market_series"

    provider: Mapped[str] = mapped_column(String(510), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(36), primary_key=True)
    isin: Mapped[str | None] = mapped_column(String(12), index=True)
    series: Mapped[JsonObject | None]  # what `ToldSeries` says; empty until something good was told
    since: Mapped[date | None] = mapped_column(Date)  # the first day that was asked for
    last: Mapped[date | None] = mapped_column(Date)  # the last day with a close
    fetched_at: Mapped[datetime | None]
    fresh_until: Mapped[datetime | None]  # nobody asks before
    leased_until: Mapped[datetime | None]  # somebody asks just now
    rests_until: Mapped[datetime | None]  # it went wrong, and nobody asks before
    asked_at: Mapped[datetime] = mapped_column(index=True)


class FavouriteInstrument(Base):
    """A paper that a customer took, offered first the next time."""

    __tablename__ = "favourite_instruments"
    __table_args__ = (UniqueConstraint("user_id", "provider", "symbol"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    provider: Mapped[str] = mapped_column(String(510))  # as in market_series
    symbol: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(200))
    exchange: Mapped[str] = mapped_column(String(200))
    used_at: Mapped[datetime]
