"""Whole tables that customers have had answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, UuidKey, Word, one_of, partial_index


class ScoringStatus(StrEnum):
    DRAFT = "draft"
    """Its table was read; nothing is charged yet. Who never confirms it leaves it to the sweep."""
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """At least one row was answered, and those that were are paid for."""
    FAILED = "failed"
    CANCELED = "canceled"


class Scoring(Base):
    """One table for one model. Files are ids of `files`, which may be gone: they are kept as long as customers' are."""

    __tablename__ = "scorings"
    __table_args__ = (
        CheckConstraint(one_of("status", ScoringStatus), name="status_known"),
        CheckConstraint("price >= 0 AND bad_rows BETWEEN 0 AND all_rows", name="amounts_possible"),
        CheckConstraint(
            "failed_rows BETWEEN 0 AND done_rows AND done_rows <= all_rows - bad_rows", name="progress_possible"
        ),
        partial_index("ix_scorings_open", "status", "available_at", where="status IN ('queued', 'running')"),
        partial_index("ix_scorings_drafts", "created_at", where="status = 'draft'"),
        Index(None, "user_id", "created_at"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    model_version: Mapped[str] = mapped_column(String(32))
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("presets.id", ondelete="RESTRICT"))
    status: Mapped[Word]
    source: Mapped[JsonObject]  # how its file is written: a SourceFacts
    source_file_id: Mapped[UUID]
    columns: Mapped[JsonObject]  # by input: the number of its column from 0, or null for the input's default
    words: Mapped[JsonObject]  # in which the result is written: a Wording, and AnswerHeadings
    checked_file_id: Mapped[UUID | None]  # the good rows, as the model takes them
    problems_file_id: Mapped[UUID | None]  # why the bad ones are bad
    result_file_id: Mapped[UUID | None]
    all_rows: Mapped[int] = mapped_column(default=0)
    bad_rows: Mapped[int] = mapped_column(default=0)
    price: Mapped[Credits] = mapped_column(default=0)  # of a row; 0 where it is free or a plan pays
    done_rows: Mapped[int] = mapped_column(default=0)  # of the good ones, in their order
    failed_rows: Mapped[int] = mapped_column(default=0)  # of those
    attempts: Mapped[int] = mapped_column(default=0)  # since it got on last
    available_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(255))  # for the log and the operator
    error_code: Mapped[str | None] = mapped_column(String(64))  # an ErrorCode
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that shows progress
    cancel_requested_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ScoringPart(Base):
    """Answers to some of its rows, kept before they count as done; gone once they are all in the result."""

    __tablename__ = "scoring_parts"

    scoring_id: Mapped[UUID] = mapped_column(ForeignKey("scorings.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)  # among the good rows
    rows: Mapped[int]
    file_id: Mapped[UUID]
