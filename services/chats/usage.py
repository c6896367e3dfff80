"""What a customer had of an assistant on a day, and the answers that a day gives for nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import DailyUsage
from db.upsert import Insert, insert_of

_usage = table_of(DailyUsage)
_mine = (
    (_usage.c.user_id == bindparam("user"))
    & (_usage.c.day == bindparam("on"))
    & (_usage.c.model_slug == bindparam("slug"))
)
_reserve = (
    update(_usage)
    .where(_mine, _usage.c.free_answers < bindparam("most"))
    .values(free_answers=_usage.c.free_answers + 1)
    .returning(_usage.c.free_answers)
)
_return = update(_usage).where(_mine, _usage.c.free_answers > 0).values(free_answers=_usage.c.free_answers - 1)
_count = (
    update(_usage)
    .where(_mine)
    .values(
        requests=_usage.c.requests + 1,
        prompt_tokens=_usage.c.prompt_tokens + bindparam("prompt"),
        completion_tokens=_usage.c.completion_tokens + bindparam("completion"),
    )
)
_begin = update(_usage).where(_mine).values(sessions=_usage.c.sessions + 1)
_tokens = select(_usage.c.prompt_tokens + _usage.c.completion_tokens).where(
    _usage.c.user_id == bindparam("user"), _usage.c.day == bindparam("on")
)
_taken = select(_usage.c.free_answers).where(_mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedTokens:
    """Of one answer."""

    user_id: int
    day: date
    model_slug: str
    prompt: int
    completion: int


def reserve_free(session: Session, *, user_id: int, model_slug: str, day: date, most: int) -> int | None:
    """Take a place of the day's allowance of `most`; how many are left, or None where there was none."""
    facts = _row(session, user_id, model_slug, day)
    taken = session.connection().execute(_reserve, {**facts, "most": most}).scalar()
    return None if taken is None else most - int(taken)


def return_free(session: Session, *, user_id: int, model_slug: str, day: date) -> None:
    """Nothing was delivered: its place is free again."""
    session.connection().execute(_return, {"user": user_id, "on": day, "slug": model_slug})


def free_left(session: Session, *, user_id: int, model_slug: str, day: date, most: int) -> int:
    taken = session.connection().execute(_taken, {"user": user_id, "on": day, "slug": model_slug}).scalar()
    return max(0, most - int(taken or 0))


def note_answers(session: Session, used: Sequence[UsedTokens]) -> None:
    """Answers were delivered."""
    if not used:
        return
    used = sorted(used, key=lambda each: (each.user_id, each.day, each.model_slug))  # rows are locked in one order
    mine = [{"user": each.user_id, "on": each.day, "slug": each.model_slug} for each in used]
    _make_rows(session, mine)
    counts = [{"prompt": each.prompt, "completion": each.completion} for each in used]
    session.connection().execute(_count, [whose | count for whose, count in zip(mine, counts, strict=True)])


def note_session(session: Session, *, user_id: int, model_slug: str, day: date) -> None:
    """A conversation was begun."""
    session.connection().execute(_begin, _row(session, user_id, model_slug, day))


def tokens_on(session: Session, *, user_id: int, day: date) -> int:
    """Of all assistants."""
    return sum(int(each) for each in session.connection().scalars(_tokens, {"user": user_id, "on": day}))


def _row(session: Session, user_id: int, model_slug: str, day: date) -> dict[str, object]:
    mine: dict[str, object] = {"user": user_id, "on": day, "slug": model_slug}
    _make_rows(session, [mine])
    return mine


def _make_rows(session: Session, mine: Sequence[Mapping[str, object]]) -> None:
    """Where a day has none yet."""
    new = [{"user_id": row["user"], "day": row["on"], "model_slug": row["slug"], **_NOTHING} for row in mine]
    session.connection().execute(_new_row(session.get_bind().dialect.name), new)


_NOTHING: Final = dict.fromkeys(("requests", "prompt_tokens", "completion_tokens", "sessions", "free_answers"), 0)


@cache
def _new_row(dialect: str) -> Insert:
    return insert_of(dialect)(_usage).on_conflict_do_nothing()
