"""The papers that the shop forecasts by itself: owners set them. Each change is in the audit log."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import EntryKind, ListedInstrument
from db.tables.users import AuditAction, Role
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, record
from services.clock import Clock
from services.errors import N_, ShopError
from services.forecasts.append import NewEntry, append, lock_chain
from services.forecasts.chain import listed_text, unlisted_text
from services.forecasts.closes import listed_closes
from services.forecasts.entries import listed_numbers
from services.forecasts.listed import ListedView, all_listed, one_listed
from services.forecasts.said import Paper, judged_input, paper_of
from services.forecasts.schedule import ForecastSchedule
from services.forecasts.sources import PriceSource
from services.manifests.inputs import SeriesInput
from services.manifests.live import LivePrices
from services.manifests.manifest import Manifest
from services.market.errors import InstrumentUnknown
from services.market.prices import Instrument
from services.users.actor import Actor
from services.users.roles import Staff

_listed = table_of(ListedInstrument)
MOST_LISTED: Final = 100
SHOWN: Final = 5


class NotJudged(ShopError):
    message = N_("No model of this name forecasts prices of an exchange and is judged by what came.")


class SeveralModels(ShopError):
    message = N_("Several models forecast prices: {models}. Please name one behind the paper.")


class AlreadyListed(ShopError):
    message = N_("{symbol} is on the list already.")


class NotListed(ShopError):
    message = N_("This paper is not on the list.")


class ListFull(ShopError):
    figures = frozenset({"most"})
    message = N_("At most {most} papers can be on the list.")


class SeveralListed(ShopError):
    message = N_("{symbol} is on the list more than once: {places}. Please name one behind the paper.")


class SeveralPapers(ShopError):
    message = N_("Several papers are called so: {symbols}. Please type the ticker of one of them.")


class KnownModels(Protocol):
    """What is on sale, by what its manifests say."""

    @property
    def manifests(self) -> Collection[Manifest]: ...


class InstrumentList:
    """Changes raise `NotAllowed`: owners alone make them."""

    def __init__(
        self,
        db: Database,
        market: PriceSource,
        clock: Clock,
        staff: Staff,
        models: KnownModels,
        *,
        schedule: ForecastSchedule,
    ) -> None:
        self._db, self._market, self._clock, self._staff, self._models = db, market, clock, staff, models
        self._schedule = schedule

    @property
    def judged_models(self) -> list[Manifest]:
        return [manifest for manifest in self._models.manifests if judged_input(manifest) is not None]

    async def all(self) -> Sequence[ListedView]:
        """Those on it first, then those taken off, the latest first."""
        return await self._db.read(all_listed, self._schedule, self._clock())

    async def add(self, text: str, *, actor: Actor, model_slug: str | None = None) -> ListedView:
        """`text`: a ticker, an ISIN or a name. Its closes are looked at: what could never be forecast would be missed
        every week. Raises `NotJudged`, `SeveralModels`, `SeveralPapers`, `AlreadyListed`, `ListFull`, `ClockBehind`,
        leaves of `NoPrices`."""
        await self._db.read(lambda session: self._staff.require(session, actor, Role.OWNER, acts=False))
        manifest = self._model(model_slug)
        field = judged_input(manifest)
        assert field is not None  # of a judged model
        paper = await self._find(field, text)
        await listed_closes(self._market, paper.source, paper.symbol, field)
        return await self._db.write(self._add, manifest.slug, paper, actor, self._clock())

    async def take_off_named(self, text: str, *, actor: Actor) -> ListedView:
        """`text`: its ticker, and where that is on the list more than once also its model or its exchange. Raises
        `NotListed`, `SeveralListed`, `ClockBehind`."""
        symbol, *more = text.split()
        on_it = [each for each in await self.all() if each.until is None]
        found = [each for each in on_it if each.symbol.casefold() == symbol.casefold()]
        for word in map(str.casefold, more):
            found = [each for each in found if word in (each.model_slug.casefold(), each.exchange.casefold())]
        if not found:
            raise NotListed(paper=text[:64])
        if len(found) > 1:
            places = ", ".join(f"{each.model_slug} {each.exchange}" for each in found[:SHOWN])
            raise SeveralListed(symbol=found[0].symbol, places=places)
        return await self.take_off(found[0].id, actor=actor)

    async def take_off(self, listed_id: int, *, actor: Actor) -> ListedView:
        """What was published of it stays. Raises `NotListed`, `ClockBehind`."""
        return await self._db.write(self._take_off, listed_id, actor, self._clock())

    def _model(self, slug: str | None) -> Manifest:
        fitting = [each for each in self.judged_models if slug is None or each.slug == slug]
        if not fitting:
            raise NotJudged(slug=slug)
        if len(fitting) > 1:
            raise SeveralModels(models=", ".join(each.slug for each in fitting[:SHOWN]))
        return fitting[0]

    async def _find(self, field: SeriesInput, text: str) -> Paper:
        """Of the first source that knows it."""
        unknown = InstrumentUnknown(text[:64])
        for source in field.live:
            try:
                found = await self._market.find(source, text)
            except InstrumentUnknown as error:
                unknown = error
                continue
            return _paper(source, _only(found, text))
        raise unknown

    def _add(self, session: Session, slug: str, paper: Paper, actor: Actor, now: datetime) -> ListedView:
        self._staff.require(session, actor, Role.OWNER)
        end = lock_chain(session, now)
        if (session.scalar(select(func.count()).where(_listed.c.until.is_(None))) or 0) >= MOST_LISTED:
            raise ListFull(most=MOST_LISTED)
        values = paper.columns | {"model_slug": slug, "since": now}
        new = insert_into(session, _listed).values(values).on_conflict_do_nothing().returning(_listed.c.id)
        listed_id = session.scalar(new)
        if listed_id is None:
            raise AlreadyListed(symbol=paper.symbol)
        row = _row(session, listed_id)
        listed = NewEntry(kind=EntryKind.LISTED, listed_id=listed_id, text=lambda number: listed_text(number, row, now))
        append(session, end, [listed], now)
        told = {"model": slug, "paper": paper.symbol, "name": paper.name}
        record(session, AuditRecord(actor=actor, action=AuditAction.LIST_ADD, subject=paper.symbol, after=told), now)
        return one_listed(session, listed_id, self._schedule, now)

    def _take_off(self, session: Session, listed_id: int, actor: Actor, now: datetime) -> ListedView:
        self._staff.require(session, actor, Role.OWNER)
        on_it = (_listed.c.id == listed_id) & _listed.c.until.is_(None)
        if session.execute(update(_listed).where(on_it).values(until=now).returning(_listed.c.id)).first() is None:
            raise NotListed(listed_id=listed_id)
        row, start = _row(session, listed_id), listed_numbers(session, [listed_id])[listed_id]
        unlisted = NewEntry(
            kind=EntryKind.UNLISTED, listed_id=listed_id, text=lambda number: unlisted_text(number, start, row, now)
        )
        append(session, lock_chain(session, now), [unlisted], now)
        view = one_listed(session, listed_id, self._schedule, now)
        told = {"model": view.model_slug, "paper": view.symbol, "name": view.name}
        record(session, AuditRecord(actor=actor, action=AuditAction.LIST_REMOVE, subject=view.symbol, before=told), now)
        return view


def _row(session: Session, listed_id: int) -> AnyRow:
    return session.execute(select(_listed).where(_listed.c.id == listed_id)).one()


def _only(found: Sequence[Instrument], text: str) -> Instrument:
    exact = [each for each in found if each.symbol.casefold() == text.strip().casefold()]
    if len(found) == 1 or exact:
        return (exact or list(found))[0]
    raise SeveralPapers(symbols=", ".join(each.symbol for each in found[:SHOWN]))


def _paper(source: LivePrices, found: Instrument) -> Paper:
    return paper_of(source, symbol=found.symbol, name=found.name, exchange=found.exchange)
