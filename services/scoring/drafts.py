"""Tables that were read and are not ordered yet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.base import constant
from db.tables.predictions import FileKind
from db.tables.scorings import ScoringStatus
from services.files import files
from services.files.cleanup import wish_away
from services.files.files import StoredFile
from services.models.offers import Offer
from services.scoring.answer_columns import answer_headings
from services.scoring.choosing import check_choice
from services.scoring.queries import ANSWERS, ScoringNotFound, ScoringView, hold, look_at, scorings
from services.scoring.source import SHOWN, Checked, SourceFacts, Wording
from services.users.existing import require_existing

KEPT_FOR: Final = timedelta(days=1)
MOST_DRAFTS: Final = 5  # of a customer
_DRAFT = scorings.c.status == constant(ScoringStatus.DRAFT)
_change = update(scorings).where(scorings.c.id == bindparam("row"), _DRAFT)


def add_draft(
    session: Session,
    scoring_id: UUID,
    offer: Offer,
    file: StoredFile,
    *,
    source: SourceFacts,
    columns: dict[str, int | None],
    wording: Wording,
    user_id: int,
    now: datetime,
) -> ScoringView:
    require_existing(session, user_id)
    files.add(session, file, user_id=user_id, kind=FileKind.TABLE, now=now)
    row = {
        "id": scoring_id,
        "user_id": user_id,
        "model_slug": offer.manifest.slug,
        "model_version": offer.manifest.version,
        "preset_id": offer.preset_id,
        "status": ScoringStatus.DRAFT,
        "source": source.dump(),
        "source_file_id": file.id,
        "columns": columns,
        "words": {**wording.dump(), ANSWERS: answer_headings(offer.manifest, wording).dump()},
        "available_at": now,
        "created_at": now,
    }
    nothing_yet = dict.fromkeys(("all_rows", "bad_rows", "price", "done_rows", "failed_rows", "attempts"), 0)
    session.execute(insert(scorings), row | nothing_yet)
    return look_at(session, scoring_id, user_id)


def choose_columns(
    session: Session, scoring_id: UUID, offer: Offer, *, user_id: int, columns: Mapping[str, int | None]
) -> ScoringView:
    """Of inputs that were asked for. Raises `BadColumns`, also where it is ordered already; `ScoringNotFound`."""
    view = hold(session, scoring_id, user_id)
    check_choice(columns, view, offer)
    columns = {**view.columns, **columns}
    changed = session.execute(_change.values(columns=columns).returning(scorings.c.id), {"row": scoring_id})
    if changed.first() is None:
        raise ScoringNotFound(scoring_id=scoring_id)
    return replace(view, columns=columns)


def note_checked(
    session: Session,
    view: ScoringView,
    good: StoredFile,
    problems: StoredFile,
    *,
    checked: Checked,
    now: datetime,
) -> ScoringView:
    """Raises `ScoringNotFound` where it is gone, or ordered meanwhile."""
    for file in (good, problems):
        files.add(session, file, user_id=view.user_id, kind=FileKind.TABLE, now=now)
    values = {
        "source": replace(view.source, decimal_comma=checked.decimal_comma, problems=checked.problems[:SHOWN]).dump(),
        "checked_file_id": good.id,
        "problems_file_id": problems.id,
        "all_rows": checked.rows,
        "bad_rows": checked.bad,
    }
    changed = session.execute(_change.values(values).returning(scorings.c.id), {"row": view.id})
    if changed.first() is None:
        raise ScoringNotFound(scoring_id=view.id)
    return look_at(session, view.id, view.user_id)


def drop(session: Session, scoring_id: UUID, user_id: int) -> list[UUID]:
    """Its customer does not want it. Returns the files that go with it."""
    mine = (scorings.c.id == scoring_id) & (scorings.c.user_id == user_id)
    return _drop(session, session.scalars(select(scorings.c.id).where(_DRAFT, mine)).all())


def make_room(session: Session, user_id: int) -> list[UUID]:
    """For one more draft of this customer: the oldest go. Returns their files."""
    mine = select(scorings.c.id).where(_DRAFT, scorings.c.user_id == user_id).order_by(scorings.c.created_at.desc())
    return _drop(session, session.scalars(mine.offset(MOST_DRAFTS - 1).limit(500)).all())


def drop_old(session: Session, now: datetime) -> list[UUID]:
    """What nobody has ordered for a day."""
    old = select(scorings.c.id).where(_DRAFT, scorings.c.created_at < now - KEPT_FOR).limit(500)
    return _drop(session, session.scalars(old).all())


def forget_tables(session: Session, user_id: int) -> None:
    """What their owner's tables said: drafts go, of the others their names, headings and samples."""
    mine = scorings.c.user_id == user_id
    _drop(session, session.scalars(select(scorings.c.id).where(_DRAFT, mine)).all())
    for row in session.execute(select(scorings.c.id, scorings.c.source).where(mine)).all():
        facts = SourceFacts.load(row.source)
        bare = replace(facts, name="", headings=(), samples=(), problems=(), sheet="")
        session.execute(update(scorings).where(scorings.c.id == row.id).values(source=bare.dump()))


def _drop(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    named = (scorings.c.source_file_id, scorings.c.checked_file_id, scorings.c.problems_file_id)
    gone = session.execute(delete(scorings).where(scorings.c.id.in_(ids), _DRAFT).returning(*named)).all()
    files_of_them = [file_id for row in gone for file_id in row if file_id is not None]
    wish_away(session, files_of_them)
    return files_of_them
