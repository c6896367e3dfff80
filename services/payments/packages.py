"""Packages: credits sold for a fixed price, valid for so many days."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.billing import Package
from db.tables.currencies import Currency
from db.tables.users import AuditAction
from services import ordering
from services.audit_log.record import AuditRecord, record
from services.clock import Clock
from services.errors import N_, ShopError
from services.money import Money
from services.payments.pricing import MAX_KOPECKS, MIN_KOPECKS, DiscountOf, discounted
from services.users.actor import Actor
from services.users.roles import Staff

_packages = table_of(Package)
MAX_CREDITS = 1_000_000_00
MAX_DAYS = 3650
MAX_TITLE = 60
_ORDER = ordering.Ranking(key=_packages.c.id, position=_packages.c.position, by=(_packages.c.position, _packages.c.id))


class PackageGone(ShopError):
    message = N_("This package is not sold any more. Please choose another one.")


class BadPackage(ShopError):
    """What an admin gave cannot be sold; `field` says what."""

    message = N_(
        "A package has a name of 1 to 60 characters in both languages, 0.01 to 1 000 000 credits, a price of 1 to "
        "350 000 ₽ and is valid for 1 to 3650 days or without an end."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOffer:
    """`title`: {ru, en}; `credits` in hundredths; `valid_days` of the lot it makes, None without an end."""

    title: dict[str, str]
    credits: int
    price: Money
    valid_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageView(PackageOffer):
    """`usual_price`: what it costs who has no plan that makes it cheaper; None where that is the price."""

    id: int
    enabled: bool
    position: int
    usual_price: Money | None = None


class Packages:
    """Changes raise `NotAllowed`; each is in the audit log."""

    def __init__(self, db: Database, clock: Clock, staff: Staff, discount_of: DiscountOf) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._discount_of = discount_of

    async def on_sale(self, user_id: int | None = None) -> list[PackageView]:
        """In the order that admins gave them, at the prices of that customer."""
        return await self._db.read(_offered, user_id, self._clock(), self._discount_of)

    async def all(self) -> list[PackageView]:
        return await self._db.read(_listed)

    async def get(self, package_id: int) -> PackageView:
        """On sale or not. Raises `PackageGone`."""
        return await self._db.read(_get, package_id)

    async def create(self, offer: PackageOffer, *, actor: Actor) -> PackageView:
        """On sale at once, behind the others. Raises `BadPackage`."""
        check(offer)
        return await self._db.write(self._create, offer, actor, self._clock())

    async def edit(
        self, package_id: int, offer: PackageOffer, *, actor: Actor, shown: PackageOffer | None = None
    ) -> PackageView:
        """Payments that are under way keep what they were begun with. With `shown`, what the admin saw, only what
        differs from that is written: what somebody else changed meanwhile stays. Raises `BadPackage`, `PackageGone`."""
        check(offer)
        values = _columns(offer)
        if shown is not None:
            names = {language: name for language, name in offer.title.items() if shown.title.get(language) != name}
            values = {name: value for name, value in values.items() if _columns(shown)[name] != value}
            values |= {"title": names} if names else {}
        return await self._change(package_id, values, AuditAction.PACKAGE_EDIT, actor)

    async def enable(self, package_id: int, *, enabled: bool, actor: Actor) -> PackageView:
        """Raises `PackageGone`."""
        action = AuditAction.PACKAGE_ENABLE if enabled else AuditAction.PACKAGE_DISABLE
        return await self._change(package_id, {"enabled": enabled}, action, actor)

    async def move(self, package_id: int, *, places: int, actor: Actor) -> list[PackageView]:
        """Up (negative) or down the list; returns all. Raises `PackageGone`."""
        return await self._db.write(self._move, package_id, places, actor, self._clock())

    async def _change(self, package_id: int, values: JsonObject, action: AuditAction, actor: Actor) -> PackageView:
        return await self._db.write(self._changed, package_id, values, action=action, actor=actor, now=self._clock())

    def _create(self, session: Session, offer: PackageOffer, actor: Actor, now: datetime) -> PackageView:
        self._staff.require(session, actor)
        last = max((package.position for package in _listed(session, lock=True)), default=0)
        place = last + ordering.STEP
        row = _columns(offer) | {
            "currency": offer.price.currency,
            "enabled": True,
            "position": place,
            "created_at": now,
        }
        package_id: int = session.execute(insert(_packages).returning(_packages.c.id), row).scalar_one()
        record(
            session,
            AuditRecord(actor=actor, action=AuditAction.PACKAGE_CREATE, subject=str(package_id), after=_columns(offer)),
            now,
        )
        return _get(session, package_id)

    def _changed(
        self, session: Session, package_id: int, values: JsonObject, *, action: AuditAction, actor: Actor, now: datetime
    ) -> PackageView:
        self._staff.require(session, actor)
        package = _get(session, package_id, lock=True)
        held = _columns(package) | {"enabled": package.enabled}
        if "title" in values:  # in one language, the other one stays
            values = values | {"title": package.title | values["title"]}
        before: JsonObject = {name: held[name] for name in values}
        if before == values:
            return package
        session.execute(update(_packages).where(_packages.c.id == package_id).values(values))
        record(
            session, AuditRecord(actor=actor, action=action, subject=str(package_id), before=before, after=values), now
        )
        return _get(session, package_id)

    def _move(self, session: Session, package_id: int, places: int, actor: Actor, now: datetime) -> list[PackageView]:
        self._staff.require(session, actor)
        moved = ordering.move(session, _ORDER, package_id, places)
        if moved is None:
            raise PackageGone(package_id=package_id)
        old, new = moved
        if new != old:
            before, after, subject = {"place": old}, {"place": new}, str(package_id)
            record(
                session,
                AuditRecord(actor=actor, action=AuditAction.PACKAGE_MOVE, subject=subject, before=before, after=after),
                now,
            )
        return _listed(session)


def _columns(offer: PackageOffer) -> JsonObject:
    return {
        "title": offer.title,
        "credits": offer.credits,
        "price_kopecks": offer.price.minor,
        "valid_days": offer.valid_days,
    }


def check(offer: PackageOffer) -> None:
    """Raises `BadPackage`."""
    titles = [offer.title.get(language, "").strip() for language in ("ru", "en")]
    sound = {
        "title": all(0 < len(title) <= MAX_TITLE and title.isprintable() for title in titles),
        "credits": 0 < offer.credits <= MAX_CREDITS,
        "price": offer.price.currency == Currency.RUB and MIN_KOPECKS <= offer.price.minor <= MAX_KOPECKS,
        "valid_days": offer.valid_days is None or 0 < offer.valid_days <= MAX_DAYS,
    }
    if wrong := [name for name, good in sound.items() if not good]:
        raise BadPackage(field=wrong[0])


def package_on_sale(
    session: Session, package_id: int, user_id: int, now: datetime, discount_of: DiscountOf
) -> PackageView:
    """At that customer's price. Raises `PackageGone`."""
    package = _get(session, package_id)
    if not package.enabled:
        raise PackageGone(package_id=package_id)
    return _cheaper(package, discount_of(session, user_id, now))


def _offered(session: Session, user_id: int | None, now: datetime, discount_of: DiscountOf) -> list[PackageView]:
    percent = 0 if user_id is None else discount_of(session, user_id, now)
    return [_cheaper(package, percent) for package in _listed(session, only_enabled=True)]


def _cheaper(package: PackageView, percent: int) -> PackageView:
    if not percent:
        return package
    return replace(package, price=discounted(package.price, percent, MIN_KOPECKS), usual_price=package.price)


def _get(session: Session, package_id: int, *, lock: bool = False) -> PackageView:
    query = select(_packages).where(_packages.c.id == package_id)
    row = session.execute(query.with_for_update(key_share=True) if lock else query).first()
    if row is None:
        raise PackageGone(package_id=package_id)
    return _view(row)


def _listed(session: Session, *, only_enabled: bool = False, lock: bool = False) -> list[PackageView]:
    query = select(_packages).order_by(_packages.c.id)
    if only_enabled:
        query = query.where(_packages.c.enabled)
    rows = session.execute(query.with_for_update(key_share=True) if lock else query)
    return sorted(map(_view, rows), key=lambda package: (package.position, package.id))


def _view(row: AnyRow) -> PackageView:
    return PackageView(
        id=row.id,
        title=row.title,
        credits=row.credits,
        price=Money(row.price_kopecks, Currency(row.currency)),
        valid_days=row.valid_days,
        enabled=row.enabled,
        position=row.position,
    )
