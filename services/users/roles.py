"""Who may run the shop from the chat. Owners are named in the settings; they name admins and moderators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.users import Admin, AuditAction, Role, User
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, record
from services.clock import Clock
from services.errors import N_, ShopError

_admins, _users = table_of(Admin), table_of(User)
RANKS: Final = {Role.MODERATOR: 1, Role.ADMIN: 2, Role.OWNER: 3}
APPOINTED: Final = (Role.ADMIN, Role.MODERATOR)


class NotAllowed(ShopError):
    """Somebody without the role that this takes, or without any."""

    message = N_("Your role does not allow this.")


class OwnRole(ShopError):
    message = N_("Nobody changes a role of their own.")


class OwnersAreSettled(ShopError):
    message = N_("Owners are named in the shop's settings (OWNER_IDS), not here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminView:
    """`user_id`, `username`, `first_name`: of those who have opened the bot. `granted_by`: a Telegram id, None for an
    owner of the settings."""

    telegram_id: int
    role: Role
    granted_by: int | None
    user_id: int | None
    username: str | None
    first_name: str


class Staff:
    """What others ask about roles inside their transactions, so that a role taken away a moment ago counts."""

    def __init__(self, owner_ids: Collection[int]) -> None:
        self.owner_ids = tuple(owner_ids)

    def role_of(self, session: Session, telegram_id: int, *, hold: bool = False) -> Role | None:
        """`hold`: nobody takes the role away until the transaction ends."""
        if telegram_id in self.owner_ids:
            return Role.OWNER
        query = select(_admins.c.role).where(_admins.c.telegram_id == telegram_id)
        word = session.scalar(query.with_for_update(read=True) if hold else query)
        return None if word is None else Role(word)

    def require(self, session: Session, actor: int, least: Role = Role.ADMIN) -> None:
        """First in the transaction that acts: what an admin did comes before the end of their role, or not at all.
        Raises `NotAllowed`."""
        role = self.role_of(session, actor, hold=True)
        if role is None or RANKS[role] < RANKS[least]:
            raise NotAllowed(actor=actor, role=role, least=least)


class Admins:
    """`actor` and `telegram_id` are Telegram ids everywhere."""

    def __init__(self, db: Database, clock: Clock, staff: Staff) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff

    @property
    def first_owner(self) -> int | None:
        """Whom customers turn to: the first of `OWNER_IDS`."""
        return next(iter(self._staff.owner_ids), None)

    async def role_of(self, telegram_id: int) -> Role | None:
        """Costs nothing for owners, one short read for others."""
        if telegram_id in self._staff.owner_ids:
            return Role.OWNER
        return await self._db.read(self._staff.role_of, telegram_id)

    async def all(self) -> list[AdminView]:
        """Owners first, then admins, then moderators."""
        return await self._db.read(self._all)

    async def appoint(self, telegram_id: int, role: Role | None, *, actor: int) -> Role | None:
        """Give or change a role, or with None take it away; returns the role before. Raises `NotAllowed`, `OwnRole`,
        `OwnersAreSettled`."""
        return await self._db.write(self._appoint, telegram_id, role, actor, self._clock())

    def _appoint(self, session: Session, telegram_id: int, role: Role | None, actor: int, now: datetime) -> Role | None:
        self._staff.require(session, actor, Role.OWNER)
        before = self._staff.role_of(session, telegram_id)
        if telegram_id == actor:
            raise OwnRole(actor=actor)
        if Role.OWNER in (role, before):
            raise OwnersAreSettled(telegram_id=telegram_id)
        if role is before:
            return before
        if role is None:
            session.execute(delete(_admins).where(_admins.c.telegram_id == telegram_id))
        else:
            values = {"role": role, "granted_by": actor}
            new = insert_into(session, _admins).values(telegram_id=telegram_id, created_at=now, **values)
            session.execute(new.on_conflict_do_update(index_elements=["telegram_id"], set_=values))
        record(
            session,
            AuditRecord(
                actor=actor,
                action=AuditAction.ROLE_CHANGE,
                target_user_id=session.scalar(select(_users.c.id).where(_users.c.telegram_id == telegram_id)),
                subject=str(telegram_id),
                before={"role": before},
                after={"role": role},
            ),
            now,
        )
        return before

    def _all(self, session: Session) -> list[AdminView]:
        appointed = {row.telegram_id: row for row in session.execute(select(_admins))}
        ids = {*self._staff.owner_ids, *appointed}
        known = {row.telegram_id: row for row in session.execute(select(_users).where(_users.c.telegram_id.in_(ids)))}
        views = []
        for each in ids:
            user, owner = known.get(each), each in self._staff.owner_ids
            view = AdminView(
                telegram_id=each,
                role=Role.OWNER if owner else Role(appointed[each].role),
                granted_by=None if owner else appointed[each].granted_by,
                user_id=None if user is None else user.id,
                username=None if user is None else user.username,
                first_name="" if user is None else user.first_name,
            )
            views.append(view)
        return sorted(views, key=lambda view: (-RANKS[view.role], view.telegram_id))
