"""What a customer had of an assistant on a day, and the answers that a day gives for nothing."""

from datetime import date

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import DailyUsage
from db.upsert import insert_into

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


def reserve_free(session: Session, *, user_id: int, model_slug: str, day: date, most: int) -> int | None:
    """Take a place of the day's allowance of `most`; how many are left, or None where there was none."""
    facts = _row(session, user_id, model_slug, day)
    taken = session.execute(_reserve, {**facts, "most": most}).scalar()
    return None if taken is None else most - int(taken)


def return_free(session: Session, *, user_id: int, model_slug: str, day: date) -> None:
    """Nothing was delivered: its place is free again."""
    session.execute(_return, {"user": user_id, "on": day, "slug": model_slug})


def free_left(session: Session, *, user_id: int, model_slug: str, day: date, most: int) -> int:
    taken = session.execute(_taken, {"user": user_id, "on": day, "slug": model_slug}).scalar()
    return max(0, most - int(taken or 0))


def note_usage(
    session: Session, *, user_id: int, model_slug: str, day: date, prompt_tokens: int, completion_tokens: int
) -> None:
    """An answer was delivered."""
    facts = _row(session, user_id, model_slug, day)
    session.execute(_count, {**facts, "prompt": prompt_tokens, "completion": completion_tokens})


def note_session(session: Session, *, user_id: int, model_slug: str, day: date) -> None:
    """A conversation was begun."""
    session.execute(_begin, _row(session, user_id, model_slug, day))


def tokens_on(session: Session, *, user_id: int, day: date) -> int:
    """Of all assistants."""
    return sum(int(each) for each in session.scalars(_tokens, {"user": user_id, "on": day}))


def _row(session: Session, user_id: int, model_slug: str, day: date) -> dict[str, object]:
    new = {"user_id": user_id, "day": day, "model_slug": model_slug}
    counts = dict.fromkeys(("requests", "prompt_tokens", "completion_tokens", "sessions", "free_answers"), 0)
    session.execute(insert_into(session, _usage).values(**new, **counts).on_conflict_do_nothing())
    return {"user": user_id, "on": day, "slug": model_slug}
