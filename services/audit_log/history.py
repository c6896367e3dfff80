"""The audit log to look at: what was done in the shop, and what to one user."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.billing import Package
from db.tables.models import Preset
from db.tables.users import AuditAction, AuditEntry, Edge, User
from services.pages import Page, paginate
from services.slices import Slice, first_of

_entries, _users, _packages, _presets = table_of(AuditEntry), table_of(User), table_of(Package), table_of(Preset)
ON_PACKAGES: Final = frozenset(
    (
        AuditAction.PACKAGE_CREATE,
        AuditAction.PACKAGE_EDIT,
        AuditAction.PACKAGE_ENABLE,
        AuditAction.PACKAGE_DISABLE,
        AuditAction.PACKAGE_MOVE,
    )
)
ON_PRESETS: Final = frozenset(
    (
        AuditAction.PRESET_CREATE,
        AuditAction.PRESET_EDIT,
        AuditAction.PRESET_ENABLE,
        AuditAction.PRESET_DISABLE,
        AuditAction.PRESET_MOVE,
        AuditAction.PRESET_DELETE,
    )
)
ON_GOODS: Final = ON_PACKAGES | ON_PRESETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`user_id` and names: of those who have been here; `telegram_id`: of those who come through Telegram."""

    telegram_id: int | None
    user_id: int | None = None
    username: str | None = None
    first_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`actor`: None for the shop itself; `target`: None where nobody in particular is meant; `title`: of a package or
    a preset, as it is called now, or was called last. The rest is as in the table."""

    id: int
    action: str
    actor: Person | None
    edge: Edge | None
    target: Person | None
    subject: str | None
    title: dict[str, str] | None
    before: JsonObject
    after: JsonObject
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What is not given fits everything. `actor`, `target`: users; `since`: from then on, `until`: before then."""

    action: AuditAction | None = None
    edge: Edge | None = None
    actor: int | None = None
    target: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog:
    """Newest first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def latest(self, page: int = 0, size: int = 10) -> Page[Entry]:
        return await self._db.read(_page, true(), page, size)

    async def found(self, wanted: AuditFilter, page: int = 0, size: int = 50) -> Page[Entry]:
        return await self._db.scan(_found, wanted, page, size)

    async def after(self, wanted: AuditFilter, last: int | None, limit: int) -> Slice[Entry]:
        """The newest, or those older than the one with the id `last`."""
        return await self._db.scan(_after, wanted, last, limit)

    async def of_user(self, user_id: int, page: int = 0, size: int = 10) -> Page[Entry]:
        """What was done to somebody; also the role that they got before they came."""
        return await self._db.read(_of_user, user_id, page, size)


def _found(session: Session, wanted: AuditFilter, page: int, size: int) -> Page[Entry]:
    return _page(session, _here(session, wanted), page, size)


def _after(session: Session, wanted: AuditFilter, last: int | None, limit: int) -> Slice[Entry]:
    query = select(_entries).where(_here(session, wanted))
    if last is not None:
        query = query.where(_entries.c.id < last)
    found = first_of(session, query.order_by(_entries.c.id.desc()), limit)
    return Slice(items=_entries_of(session, found.items), has_more=found.has_more)


def _here(session: Session, wanted: AuditFilter) -> ColumnElement[bool]:
    equal = {"action": wanted.action, "edge": wanted.edge, "actor_user_id": wanted.actor}
    here = [_entries.c[name] == value for name, value in equal.items() if value is not None]
    if wanted.target is not None:
        here.append(_about(session, wanted.target))
    if wanted.since is not None:
        here.append(_entries.c.created_at >= wanted.since)
    if wanted.until is not None:
        here.append(_entries.c.created_at < wanted.until)
    return and_(true(), *here)


def _of_user(session: Session, user_id: int, page: int, size: int) -> Page[Entry]:
    return _page(session, _about(session, user_id), page, size)


def entries_about(session: Session, user_id: int, *, until: datetime | None, limit: int) -> list[Entry]:
    """What was done to somebody, before `until`."""
    query = select(_entries).where(_about(session, user_id))
    if until is not None:
        query = query.where(_entries.c.created_at < until)
    return _entries_of(session, session.execute(query.order_by(_entries.c.id.desc()).limit(limit)).all())


def _about(session: Session, user_id: int) -> ColumnElement[bool]:
    here = _entries.c.target_user_id == user_id
    telegram_id = session.scalar(select(_users.c.telegram_id).where(_users.c.id == user_id))
    if telegram_id is not None:
        here |= (_entries.c.action == AuditAction.ROLE_CHANGE) & (_entries.c.subject == str(telegram_id))
    return here


def _page(session: Session, here: ColumnElement[bool], page: int, size: int) -> Page[Entry]:
    found = paginate(session, select(_entries).where(here).order_by(_entries.c.id.desc()), page, size)
    return found.holding(_entries_of(session, found.items))


def _entries_of(session: Session, rows: Sequence[AnyRow]) -> list[Entry]:
    ids = {each for row in rows for each in (row.actor_user_id, row.target_user_id) if each is not None}
    people = {person.user_id: person for person in _people(session, _users.c.id.in_(ids))}
    appointed = {each for row in rows if (each := _appointed(row)) is not None}
    came = {person.telegram_id: person for person in _people(session, _users.c.telegram_id.in_(appointed))}
    titles = _titles(session, rows)

    def named(telegram_id: int | None) -> Person | None:
        return None if telegram_id is None else came.get(telegram_id) or Person(telegram_id=telegram_id)

    return [
        Entry(
            id=row.id,
            action=row.action,
            edge=None if row.edge is None else Edge(row.edge),
            actor=people.get(row.actor_user_id),
            target=people.get(row.target_user_id) or named(_appointed(row)),
            subject=row.subject,
            title=titles.get((row.action in ON_PRESETS, row.subject)) if row.action in ON_GOODS else None,
            before=row.before or {},
            after=row.after or {},
            reason=row.reason,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _appointed(row: AnyRow) -> int | None:
    """Whose role changed: a Telegram id, for they may have never been here."""
    return int(row.subject) if row.action == AuditAction.ROLE_CHANGE and row.subject else None


def _people(session: Session, here: ColumnElement[bool]) -> Iterable[Person]:
    columns = (_users.c.telegram_id, _users.c.id.label("user_id"), _users.c.username, _users.c.first_name)
    return [Person(**row) for row in session.execute(select(*columns).where(here)).mappings()]


def _titles(session: Session, rows: Sequence[AnyRow]) -> dict[tuple[bool, str], dict[str, str]]:
    """Of packages and presets, by whether it is a preset and what the entry calls it."""
    ids = {int(row.subject) for row in rows if row.action in ON_PACKAGES and row.subject}
    packages = session.execute(select(_packages.c.id, _packages.c.title).where(_packages.c.id.in_(ids)))
    slugs = {row.subject for row in rows if row.action in ON_PRESETS}
    presets = session.execute(select(_presets.c.slug, _presets.c.title).where(_presets.c.slug.in_(slugs)))
    deleted = {(True, row.subject): row.before["title"] for row in rows if row.action == AuditAction.PRESET_DELETE}
    known = {(False, str(row.id)): row.title for row in packages} | {(True, row.slug): row.title for row in presets}
    return deleted | known
