"""Tables that a customer has sent, and how they go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.predictions import ErrorCode
from db.tables.scorings import Scoring, ScoringStatus
from services.errors import N_, ShopError
from services.notifications.message_ref import MessageRef
from services.scoring.answer_columns import AnswerHeadings
from services.scoring.source import SourceFacts, Told, Wording

scorings: Final[Table] = table_of(Scoring)
ANSWERS: Final = "answers"  # among the words of a row
UNFINISHED: Final = (ScoringStatus.QUEUED, ScoringStatus.RUNNING)


class ScoringNotFound(ShopError):
    message = N_("There is no such table any more. Please send it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringView:
    """`rows` of the table, of which `bad` cannot be taken; `price` of a row in hundredths; of the good rows so many are
    `done`, and so many of those `failed`. `columns`: by input, from 0; None for its default; an input that is not
    there is still to be asked."""

    id: UUID
    user_id: int
    model_slug: str
    model_version: str
    preset_id: int | None
    status: ScoringStatus
    source: SourceFacts
    wording: Wording
    answers: AnswerHeadings
    columns: Mapping[str, int | None]
    source_file_id: UUID
    checked_file_id: UUID | None
    problems_file_id: UUID | None
    result_file_id: UUID | None
    rows: int
    bad: int
    price: int
    done: int
    failed: int
    error_code: ErrorCode | None
    shown_in: MessageRef | None
    canceling: bool
    created_at: datetime
    finished_at: datetime | None

    @property
    def good(self) -> int:
        return self.rows - self.bad

    @property
    def answered(self) -> int:
        return self.done - self.failed

    @property
    def problems(self) -> tuple[tuple[int, str], ...]:
        """Of the first rows that cannot be taken."""
        return self.source.problems

    @property
    def is_ordered(self) -> bool:
        return self.status is not ScoringStatus.DRAFT

    @property
    def is_checked(self) -> bool:
        return self.checked_file_id is not None

    @property
    def is_cut_short(self) -> bool:
        """It ended before all of it was asked, and nobody stopped it: its version of the model left the shop, or the
        model was away for too long."""
        ended = self.finished_at is not None and not self.canceling
        return ended and self.done < self.good and (self.answered > 0 or not self.done)

    @property
    def percent(self) -> int:
        return self.done * 100 // self.good if self.good else 0


_UNKNOWN: Final[Told] = {"headings": (), "columns": (), "labels": {}, "texts": {}}  # of tables older than that
_mine = select(scorings).where(scorings.c.id == bindparam("row"), scorings.c.user_id == bindparam("owner"))


def look_at(session: Session, scoring_id: UUID, user_id: int) -> ScoringView:
    """Raises `ScoringNotFound` for another user's too."""
    row = session.execute(_mine, {"row": scoring_id, "owner": user_id}).first()
    if row is None:
        raise ScoringNotFound(scoring_id=scoring_id)
    return view_of(row)


def hold(session: Session, scoring_id: UUID, user_id: int) -> ScoringView:
    """As `look_at`, locked until the transaction ends."""
    row = session.execute(_mine.with_for_update(), {"row": scoring_id, "owner": user_id}).first()
    if row is None:
        raise ScoringNotFound(scoring_id=scoring_id)
    return view_of(row)


def unfinished(session: Session) -> list[ScoringView]:
    """Those of which a chat shows how they go."""
    shown = scorings.c.status.in_(UNFINISHED) & scorings.c.message_id.is_not(None)
    return [view_of(row) for row in session.execute(select(scorings).where(shown))]


def view_of(row: AnyRow) -> ScoringView:
    place, words = None, dict(row.words)
    answers = words.pop(ANSWERS, None) or _UNKNOWN
    if row.chat_id is not None:
        place = MessageRef(chat_id=row.chat_id, thread_id=row.thread_id, message_id=row.message_id)
    return ScoringView(
        id=row.id,
        user_id=row.user_id,
        model_slug=row.model_slug,
        model_version=row.model_version,
        preset_id=row.preset_id,
        status=ScoringStatus(row.status),
        source=SourceFacts.load(row.source),
        wording=Wording.load(words),
        answers=AnswerHeadings.load(answers),
        columns=row.columns,
        source_file_id=row.source_file_id,
        checked_file_id=row.checked_file_id,
        problems_file_id=row.problems_file_id,
        result_file_id=row.result_file_id,
        rows=row.all_rows,
        bad=row.bad_rows,
        price=row.price,
        done=row.done_rows,
        failed=row.failed_rows,
        error_code=None if row.error_code is None else ErrorCode(row.error_code),
        shown_in=place,
        canceling=row.cancel_requested_at is not None,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
