"""Conversations: begun, found again, named, ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.chats import ChatMessage, ChatSession
from db.tables.users import User
from services.chats import usage
from services.chats.deletion import delete_all, delete_session
from services.chats.export import JSON, ExportWords, as_json, as_markdown, read_lines
from services.chats.limits import ChatLimits
from services.clock import Clock
from services.errors import N_, ShopError
from services.pages import Page, paginate
from services.slices import Slice, first_of
from services.users.existing import require_existing

_sessions, _messages, _users = table_of(ChatSession), table_of(ChatMessage), table_of(User)
LONGEST_TITLE: Final = 60


class ChatSessionNotFound(ShopError):
    """It was deleted, or is somebody else's."""

    message = N_("There is no such conversation any more.")


class BadTitle(ShopError):
    message = N_("A name has 1 to {most} characters. Please write another one.")

    def __init__(self) -> None:
        super().__init__(most=LONGEST_TITLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSessionView:
    """`messages`: how many lines it has; `title`: None before its first."""

    id: UUID
    user_id: int
    model_slug: str
    preset_id: int | None
    title: str | None
    is_active: bool
    messages: int
    started_at: datetime
    last_message_at: datetime


class ChatSessions:
    def __init__(self, db: Database, clock: Clock, limits: ChatLimits) -> None:
        self._db, self._clock, self._limits = db, clock, limits

    async def start(
        self,
        *,
        user_id: int,
        model_slug: str,
        preset_id: int | None = None,
        thread_id: int | None = None,
        active: bool = True,
    ) -> ChatSessionView:
        """A new conversation; the one before it is active no more, and one without a message is used again. Not so
        where it is not to be `active`: that is for who keeps several, and says of each message where it belongs."""
        now = self._clock()
        row = {
            "id": uuid4(),
            "user_id": user_id,
            "model_slug": model_slug,
            "preset_id": preset_id,
            "thread_id": thread_id,
            "is_active": active,
            "started_at": now,
            "last_message_at": now,
        }
        return await self._db.write(_start, row, self._limits.day(now), now)

    async def active(self, user_id: int) -> ChatSessionView | None:
        return await self._db.read(_active, user_id)

    async def get(self, session_id: UUID, *, user_id: int) -> ChatSessionView:
        """Raises ChatSessionNotFound, also of another user's."""
        return await self._db.read(_get, session_id, user_id)

    async def resume(self, session_id: UUID, *, user_id: int) -> ChatSessionView:
        """It is the active one again. Raises ChatSessionNotFound."""
        return await self._db.write(_resume, session_id, user_id, self._clock())

    async def page(self, user_id: int, page: int, size: int = 8) -> Page[ChatSessionView]:
        """Those with messages, the latest first; a page past the end is the last one."""
        return await self._db.read(_page, user_id, page, size)

    async def after(self, user_id: int, last: UUID | None, limit: int) -> Slice[ChatSessionView]:
        """Those that were begun last, or before the conversation `last`; also without a message. Raises
        ChatSessionNotFound."""
        return await self._db.read(_after, user_id, last, limit)

    async def end(self, session_id: UUID, *, user_id: int) -> ChatSessionView:
        """It is not the active one any more. Raises ChatSessionNotFound."""
        return await self._db.write(_end, session_id, user_id, self._clock())

    async def rename(self, session_id: UUID, title: str, *, user_id: int) -> ChatSessionView:
        """Raises BadTitle, ChatSessionNotFound."""
        title = " ".join(title.split())
        if not (title.isprintable() and 0 < len(title) <= LONGEST_TITLE):
            raise BadTitle
        return await self._db.write(_rename, session_id, user_id, title)

    async def export(self, session_id: UUID, form: str, words: ExportWords, *, user_id: int) -> bytes:
        """A file of it: `json`, or Markdown. Raises ChatSessionNotFound."""
        session = await self.get(session_id, user_id=user_id)
        lines = await self._db.read(read_lines, session_id)
        return (as_json if form == JSON else as_markdown)(session.title or "…", lines, words)

    async def delete(self, session_id: UUID, *, user_id: int) -> None:
        """Texts go, amounts stay. Raises ChatSessionNotFound."""
        await self._db.write(_delete, session_id, user_id, self._clock())

    async def delete_all(self, user_id: int) -> int:
        """Returns how many conversations."""
        return await self._db.write(delete_all, user_id, self._clock())


def title_of_first(text: str) -> str:
    """The first words of a message."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(line) <= LONGEST_TITLE:
        return line or "…"
    return line[: LONGEST_TITLE - 1].rsplit(" ", 1)[0][: LONGEST_TITLE - 1] + "…"


_lock_user = select(_users.c.id).where(_users.c.id == bindparam("user")).with_for_update(key_share=True)
_count = (
    select(func.count())
    .where(_messages.c.session_id == _sessions.c.id, _messages.c.replaced_at.is_(None))
    .correlate(_sessions)
    .scalar_subquery()
    .label("messages")
)
_shown = select(
    _sessions.c.id,
    _sessions.c.user_id,
    _sessions.c.model_slug,
    _sessions.c.preset_id,
    _sessions.c.title,
    _sessions.c.is_active,
    _sessions.c.started_at,
    _sessions.c.last_message_at,
    _count,
).where(_sessions.c.deleted_at.is_(None))
_of_user = _shown.where(_sessions.c.user_id == bindparam("user"))
_one = _of_user.where(_sessions.c.id == bindparam("session"))
_active_one = _of_user.where(_sessions.c.is_active)
_end_active = (
    update(_sessions)
    .where(_sessions.c.user_id == bindparam("user"), _sessions.c.is_active)
    .values(is_active=False, ended_at=bindparam("at"))
)


def _start(session: Session, row: dict[str, object], day: object, now: datetime) -> ChatSessionView:
    user_id = row["user_id"]
    if not row["is_active"]:
        return _add(session, row, day)
    session.execute(_lock_user, {"user": user_id})  # who begins two at once has one active
    known = session.execute(_active_one, {"user": user_id}).first()
    same = ("model_slug", "preset_id")
    if known is not None and not known.messages and all(getattr(known, name) == row[name] for name in same):
        return _view(known)
    session.execute(_end_active, {"user": user_id, "at": now})
    return _add(session, row, day)


def _add(session: Session, row: dict[str, object], day: object) -> ChatSessionView:
    require_existing(session, row["user_id"])  # type: ignore[arg-type]  # as below
    session.execute(insert(_sessions), row)
    usage.note_session(session, user_id=row["user_id"], model_slug=row["model_slug"], day=day)  # type: ignore[arg-type]  # a row's values
    return _view(session.execute(_one, {"user": row["user_id"], "session": row["id"]}).one())


def _active(session: Session, user_id: int) -> ChatSessionView | None:
    row = session.execute(_active_one, {"user": user_id}).first()
    return None if row is None else _view(row)


def _get(session: Session, session_id: UUID, user_id: int) -> ChatSessionView:
    row = session.execute(_one, {"user": user_id, "session": session_id}).first()
    if row is None:
        raise ChatSessionNotFound(session_id=session_id)
    return _view(row)


def _resume(session: Session, session_id: UUID, user_id: int, now: datetime) -> ChatSessionView:
    session.execute(_lock_user, {"user": user_id})
    _get(session, session_id, user_id)
    session.execute(_end_active, {"user": user_id, "at": now})
    again = {"is_active": True, "ended_at": None}
    there = (_sessions.c.id == session_id) & _sessions.c.deleted_at.is_(None)
    session.execute(update(_sessions).where(there).values(**again))
    return _get(session, session_id, user_id)


def _after(session: Session, user_id: int, last: UUID | None, limit: int) -> Slice[ChatSessionView]:
    query = _of_user.params(user=user_id).order_by(_sessions.c.started_at.desc(), _sessions.c.id.desc())
    if last is not None:
        place = _get(session, last, user_id)
        query = query.where(tuple_(_sessions.c.started_at, _sessions.c.id) < tuple_(place.started_at, place.id))
    return first_of(session, query, limit).of(_view)


def _end(session: Session, session_id: UUID, user_id: int, now: datetime) -> ChatSessionView:
    _get(session, session_id, user_id)
    ended = update(_sessions).where(_sessions.c.id == session_id, _sessions.c.ended_at.is_(None))
    session.execute(ended.values(is_active=False, ended_at=now))
    return _get(session, session_id, user_id)


def _rename(session: Session, session_id: UUID, user_id: int, title: str) -> ChatSessionView:
    _get(session, session_id, user_id)
    session.execute(update(_sessions).where(_sessions.c.id == session_id).values(title=title))
    return _get(session, session_id, user_id)


def _delete(session: Session, session_id: UUID, user_id: int, now: datetime) -> None:
    _get(session, session_id, user_id)
    delete_session(session, session_id, now)


def _page(session: Session, user_id: int, page: int, size: int) -> Page[ChatSessionView]:
    begun = _of_user.params(user=user_id).where(_sessions.c.title.is_not(None))
    found = paginate(session, begun.order_by(_sessions.c.last_message_at.desc(), _sessions.c.id), page, size)
    return found.holding([_view(row) for row in found.items])


def _view(row: AnyRow) -> ChatSessionView:
    return ChatSessionView(**row._mapping)
