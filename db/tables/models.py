"""What is on sale: models, files of them that were sent to the shop, and presets."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, Key, UuidKey, Word, one_of, partial_index


class Model(Base):
    """A folder of `MODELS_DIR`, or an upload. The manifest's columns are synced at start; an admin's columns win over
    them."""

    __tablename__ = "models"
    __table_args__ = (
        CheckConstraint("manifest_price >= 0 AND (admin_price IS NULL OR admin_price >= 0)", name="price_not_negative"),
    )

    slug: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    manifest: Mapped[JsonObject]
    manifest_price: Mapped[Credits]
    manifest_position: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    written: Mapped[str | None] = mapped_column(String(64))  # tells what its author wrote from anything else
    present: Mapped[bool] = mapped_column(default=True)  # the folder is there and loads
    problem: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")  # in a row, without a success since
    stopped_for: Mapped[str | None] = mapped_column(String(255))  # the last of those that it was taken off for
    resting_since: Mapped[datetime | None]  # its server is away, or fails its runs
    resting_for: Mapped[str | None] = mapped_column(String(255))  # why, for the operator
    rests: Mapped[int] = mapped_column(default=0, server_default="0")  # for its failures, without an answer since
    next_try_at: Mapped[datetime | None]  # it rests for its failures until its example is answered
    test_asked_at: Mapped[datetime | None]  # an admin wants its example answered
    tested_at: Mapped[datetime | None]
    test_ms: Mapped[int | None]
    test_problem: Mapped[str | None] = mapped_column(String(255))  # null: it was answered well
    admin_price: Mapped[Credits | None]
    admin_enabled: Mapped[bool | None]
    admin_position: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Preset(Base):
    """A model with some inputs already filled in: a style of the gallery. Rows of a model's `presets.toml` are synced
    at start, but for those that an admin has changed."""

    __tablename__ = "presets"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(32), unique=True)
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"), index=True)
    title: Mapped[JsonObject]  # {ru, en}
    category: Mapped[JsonObject | None]  # {ru, en}; null: it stands among the models
    icon: Mapped[str | None] = mapped_column(String(16))
    price: Mapped[Credits | None]  # null: the model's
    prompt: Mapped[str | None] = mapped_column(Text)  # what a model that is told what to do gets
    inputs: Mapped[JsonObject]
    sample: Mapped[str | None] = mapped_column(String(128))  # a picture of the model's folder
    sample_file_id: Mapped[
        UUID | None
    ]  # of `files`, sent by an owner; wins over the folder's. No key: files refer here
    from_file: Mapped[bool] = mapped_column(default=False, server_default=false())  # of the folder's presets.toml
    edited: Mapped[bool] = mapped_column(default=False, server_default=false())  # by an admin: not synced any more
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class VersionStatus(StrEnum):
    RECEIVED = "received"
    """It waits for its check, or a worker is at it."""
    CHECKED = "checked"
    REFUSED = "refused"
    PUBLISHED = "published"
    RETIRED = "retired"
    """It was on sale, and another version took its place: it may come back."""
    DISCARDED = "discarded"
    """Nobody wants it any more; its contents are swept."""


class ModelVersion(Base):
    """A file that somebody of the shop sent, and what became of it. Its contents are in `FILES_URL`."""

    __tablename__ = "model_versions"
    __table_args__ = (
        UniqueConstraint("slug", "number"),
        CheckConstraint(one_of("status", VersionStatus), name="status_known"),
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),
        partial_index("ix_model_versions_on_sale", "slug", where="status = 'published'", unique=True),
        partial_index(
            "ix_model_versions_sent_once",
            "sent_sha256",
            where="status IN ('received', 'checked', 'published', 'retired')",
            unique=True,
        ),
        partial_index("ix_model_versions_waiting", "created_at", where="status = 'received'"),
    )

    id: Mapped[UuidKey]
    slug: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    status: Mapped[Word]
    sent_name: Mapped[str] = mapped_column(String(255))
    sent_sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[JsonObject]  # by name: {"file", "sha256", "size"}, the first is its key in the store
    title: Mapped[JsonObject | None]  # {ru, en}, as far as it was told
    price: Mapped[Credits | None]
    hints: Mapped[JsonObject | None]  # {"labels", "features"} as they were told, texts
    texts: Mapped[JsonObject | None]  # what owners write for customers, by its place in the manifest
    resembles: Mapped[JsonObject | None]  # {"slugs"}: what it may be a version of; null: nobody has looked
    manifest: Mapped[str | None] = mapped_column(Text)  # TOML, as the check wrote it
    report: Mapped[JsonObject | None]  # what the check found, or the problem and what would mend it
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # null: a command
    chat_id: Mapped[int | None] = mapped_column(BigInteger)  # where its card is
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  # at its check
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]


class TrialStatus(StrEnum):
    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ModelTrial(Base):
    """Somebody of the shop has a version answer a form of theirs, for nobody's credits: no prediction, and no sale."""

    __tablename__ = "model_trials"
    __table_args__ = (
        UniqueConstraint("asked_by", "request_key"),
        CheckConstraint(one_of("status", TrialStatus), name="status_known"),
        partial_index("ix_model_trials_waiting", "created_at", where="status = 'queued'"),
    )

    id: Mapped[UuidKey]
    version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="RESTRICT"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    request_key: Mapped[str] = mapped_column(String(64))  # one tap, one trial
    inputs: Mapped[JsonObject]
    status: Mapped[Word]
    result: Mapped[JsonObject | None]  # {"outputs", "advice", "files"}
    error_code: Mapped[str | None] = mapped_column(String(64))  # an ErrorCode
    error: Mapped[str | None] = mapped_column(String(255))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ComparisonStatus(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class ModelComparison(Base):
    """A version answers what the version on sale was asked, so that its owner sees what changes."""

    __tablename__ = "model_comparisons"
    __table_args__ = (
        CheckConstraint(one_of("status", ComparisonStatus), name="status_known"),
        partial_index("ix_model_comparisons_waiting", "created_at", where="status = 'queued'"),
    )

    version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="RESTRICT"), primary_key=True)
    against_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="RESTRICT"), primary_key=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # null: the shop itself
    status: Mapped[Word]
    report: Mapped[JsonObject | None]  # what `Compared` says, or {"problem"}
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
