"""Who may run the shop from the chat. Owners are named in the settings; they name admins and moderators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, false, or_, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.users import Admin, AuditAction, Role, User
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, record
from services.billing.ledger import UnknownUser
from services.clock import Clock
from services.errors import N_, ShopError
from services.users.actor import Actor

_admins, _users = table_of(Admin), table_of(User)
RANKS: Final = {Role.MODERATOR: 1, Role.ADMIN: 2, Role.OWNER: 3}
APPOINTED: Final = (Role.ADMIN, Role.MODERATOR)
NO_ROLE: Final = "none"


class NotAllowed(ShopError):
    """Somebody without the role that this takes, or without any."""

    message = N_("Your role does not allow this.")


class OwnRole(ShopError):
    message = N_("Nobody changes a role of their own.")


class OwnersAreSettled(ShopError):
    message = N_("Owners are named in the shop's settings (OWNER_IDS), not here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminView:
    """`user_id`, `username`, `first_name`: of those who have opened the bot. `telegram_id`: None for those who do
    not come through Telegram. `granted_by`: `users.id`, None for an owner of the settings."""

    telegram_id: int | None
    role: Role
    granted_by: int | None
    user_id: int | None
    username: str | None
    first_name: str


def parse_role(text: str) -> Role | None:
    """What somebody shall be, as typed or pressed; None takes the role away. Raises ValueError for any
    other word."""
    word = text.strip().lower()
    if word == NO_ROLE:
        return None
    if word not in APPOINTED:
        raise ValueError("no role that anybody is given")
    return Role(word)


class Staff:
    """What others ask about roles inside their transactions, so that a role taken away a moment ago counts."""

    def __init__(self, owner_ids: Collection[int]) -> None:
        self.owner_ids = tuple(owner_ids)

    def role_of(self, session: Session, user_id: int, *, hold: bool = False) -> Role | None:
        """`hold`: nobody takes the role away until the transaction ends."""
        telegram_id = session.scalar(select(_users.c.telegram_id).where(_users.c.id == user_id))
        return self.role_of_person(session, user_id, telegram_id, hold=hold)

    def role_by_telegram(self, session: Session, telegram_id: int) -> Role | None:
        """Of somebody who may have never been here."""
        user_id = session.scalar(select(_users.c.id).where(_users.c.telegram_id == telegram_id))
        return self.role_of_person(session, user_id, telegram_id)

    def require(self, session: Session, actor: Actor, least: Role = Role.ADMIN, *, acts: bool = True) -> None:
        """First in the transaction that acts: what an admin did comes before the end of their role, or not at all.
        `acts`: else it only looks. Raises `NotAllowed`."""
        role = Role.OWNER if actor.user_id is None else self.role_of(session, actor.user_id, hold=acts)
        if role is None or RANKS[role] < RANKS[least]:
            raise NotAllowed(actor=actor.user_id, role=role, least=least)

    def role_of_person(
        self, session: Session, user_id: int | None, telegram_id: int | None, *, hold: bool = False
    ) -> Role | None:
        """By whichever of the two ids is known."""
        if telegram_id in self.owner_ids:
            return Role.OWNER
        query = select(_admins.c.role).where(_of(user_id, telegram_id))
        word = session.scalar(query.with_for_update(read=True) if hold else query)
        return None if word is None else Role(word)


def _of(user_id: int | None, telegram_id: int | None) -> ColumnElement[bool]:
    """Rows of one person; also the one that waits for them, as long as both are there."""
    names = ((_admins.c.user_id, user_id), (_admins.c.telegram_id, telegram_id))
    return or_(false(), *(column == value for column, value in names if value is not None))


class Admins:
    """Roles are given to users, and by Telegram id to those who have never been here."""

    def __init__(self, db: Database, clock: Clock, staff: Staff) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff

    @property
    def first_owner(self) -> int | None:
        """Whom customers turn to: the first of `OWNER_IDS`."""
        return next(iter(self._staff.owner_ids), None)

    def is_owner(self, telegram_id: int | None) -> bool:
        """Whether the settings name them."""
        return telegram_id in self._staff.owner_ids

    async def role_of(self, user_id: int) -> Role | None:
        return await self._db.read(self._staff.role_of, user_id)

    async def role_by_telegram(self, telegram_id: int) -> Role | None:
        """Costs nothing for owners, one short read for others."""
        if telegram_id in self._staff.owner_ids:
            return Role.OWNER
        return await self._db.read(self._staff.role_by_telegram, telegram_id)

    async def all(self) -> list[AdminView]:
        """Owners first, then admins, then moderators."""
        return await self._db.read(self._all)

    async def appoint(self, telegram_id: int, role: Role | None, *, actor: Actor) -> Role | None:
        """Give or change a role, or with None take it away; returns the role before. Raises `NotAllowed`, `OwnRole`,
        `OwnersAreSettled`."""
        return await self._db.write(self._appoint_by_telegram, telegram_id, role, actor, self._clock())

    async def appoint_user(self, user_id: int, role: Role | None, *, actor: Actor) -> Role | None:
        """As `appoint`, also for those who do not come through Telegram. Raises `UnknownUser` too, of an account that
        is gone as well."""
        return await self._db.write(self._appoint_user, user_id, role, actor, self._clock())

    def _appoint_by_telegram(
        self, session: Session, telegram_id: int, role: Role | None, actor: Actor, now: datetime
    ) -> Role | None:
        user_id = session.scalar(select(_users.c.id).where(_users.c.telegram_id == telegram_id))
        return self._appoint(session, user_id, telegram_id, role=role, actor=actor, now=now)

    def _appoint_user(
        self, session: Session, user_id: int, role: Role | None, actor: Actor, now: datetime
    ) -> Role | None:
        self._staff.require(session, actor, Role.OWNER)
        here = select(_users.c.telegram_id).where(_users.c.id == user_id, _users.c.deleted_at.is_(None))
        row = session.execute(here.with_for_update(key_share=True)).first()
        if row is None:
            raise UnknownUser(user_id=user_id)
        return self._appoint(session, user_id, row.telegram_id, role=role, actor=actor, now=now)

    def _appoint(
        self,
        session: Session,
        user_id: int | None,
        telegram_id: int | None,
        *,
        role: Role | None,
        actor: Actor,
        now: datetime,
    ) -> Role | None:
        """One of the two ids is known."""
        self._staff.require(session, actor, Role.OWNER)
        before = self._staff.role_of_person(session, user_id, telegram_id)
        if user_id is not None and user_id == actor.user_id:
            raise OwnRole(actor=actor.user_id)
        if Role.OWNER in (role, before):
            raise OwnersAreSettled(user_id=user_id, telegram_id=telegram_id)
        if role is before:
            return before
        known = user_id is not None
        if role is None or known:
            every = _of(user_id, telegram_id) if role is None else _admins.c.telegram_id == telegram_id
            session.execute(delete(_admins).where(every))
        if role is not None:
            person = {"user_id": user_id} if known else {"telegram_id": telegram_id}
            values = {"role": role, "granted_by": actor.user_id}
            new = insert_into(session, _admins).values(created_at=now, **person, **values)
            session.execute(new.on_conflict_do_update(index_elements=list(person), set_=values))
        record(
            session,
            AuditRecord(
                actor=actor,
                action=AuditAction.ROLE_CHANGE,
                target_user_id=user_id,
                subject=None if telegram_id is None else str(telegram_id),
                before={"role": before},
                after={"role": role},
            ),
            now,
        )
        return before

    def _all(self, session: Session) -> list[AdminView]:
        owners = self._staff.owner_ids
        with_roles = select(_users, _admins.c.role, _admins.c.granted_by).outerjoin(
            _admins, _admins.c.user_id == _users.c.id
        )
        ours = or_(_admins.c.id.is_not(None), _users.c.telegram_id.in_(owners))
        here = session.execute(with_roles.where(ours)).all()
        waiting = session.execute(select(_admins).where(_admins.c.telegram_id.is_not(None))).all()
        known = {row.telegram_id for row in here}
        views = [_view(row, owner=row.telegram_id in owners) for row in here]
        views += [_awaited(each, Role.OWNER, None) for each in set(owners) - known]
        known |= set(owners)
        views += [
            _awaited(row.telegram_id, Role(row.role), row.granted_by) for row in waiting if row.telegram_id not in known
        ]
        return sorted(views, key=lambda view: (-RANKS[view.role], view.telegram_id or 0, view.user_id or 0))


def _view(row: AnyRow, *, owner: bool) -> AdminView:
    return AdminView(
        telegram_id=row.telegram_id,
        role=Role.OWNER if owner else Role(row.role),
        granted_by=None if owner else row.granted_by,
        user_id=row.id,
        username=row.username,
        first_name=row.first_name,
    )


def _awaited(telegram_id: int, role: Role, granted_by: int | None) -> AdminView:
    """Of somebody who has never been here."""
    return AdminView(
        telegram_id=telegram_id, role=role, granted_by=granted_by, user_id=None, username=None, first_name=""
    )
