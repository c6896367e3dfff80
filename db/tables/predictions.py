"""Predictions and the files that go in and come out of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, UuidKey, Word, one_of, partial_index


class PredictionStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class ErrorCode(StrEnum):
    """Why a prediction brought no answer, as rows keep it: the words stay, whatever the errors' classes are called."""

    MODEL_UNAVAILABLE = "ModelUnavailable"
    """No such model was loaded, and none came."""
    MODEL_BROKEN = "ModelBroken"
    MODEL_TOO_NEW = "ModelTooNew"
    OPSET_TOO_NEW = "OpsetTooNew"
    RUN_TIMEOUT = "RunTimeout"
    RUN_FAILED = "RunFailed"
    """The model's own runtime refused the row."""
    RUN_LOST = "RunLost"
    """Workers died while they ran it, as often as it may be tried."""
    BAD_INPUT = "BadInput"
    BAD_OUTPUT = "BadOutput"
    CONTEXT_TOO_LONG = "ContextTooLong"
    """An assistant's server takes less than the manifest says."""
    EMPTY_ANSWER = "EmptyAnswer"
    """An assistant's server billed an answer without a word to read."""
    PICTURE_REFUSED = "PictureRefused"
    """An assistant's server does not look at pictures."""
    PICTURE_GONE = "PictureGone"
    """It was deleted before an assistant could look at it."""
    SOUND_REFUSED = "SoundRefused"
    """An assistant's server cannot listen to this voice message."""
    VOICE_GONE = "VoiceGone"
    """It was deleted before it was listened to."""
    NOTHING_HEARD = "NothingHeard"
    """Not a word is in a voice message."""
    REFUSED = "Refused"
    """The rules of the server forbid what the customer asked for."""
    NOT_DELIVERED = "NotDelivered"
    """It was answered, and the answer never reached the customer."""
    INVALID_VALUE = "InvalidValue"
    FILE_TOO_LARGE = "FileTooLarge"
    NOT_AN_IMAGE = "NotAnImage"
    IMAGE_TOO_LARGE = "ImageTooLarge"
    BLANK_IMAGE = "BlankImage"
    TEXT_TOO_LONG = "TextTooLong"
    """It has more tokens than the model reads."""
    UNEXPECTED = "Unexpected"
    """A fault of the shop. Older versions wrote the name of whatever Python raised."""

    @classmethod
    def _missing_(cls, value: object) -> "ErrorCode":
        return cls.UNEXPECTED


class Prediction(Base):
    """One paid run of a model for one user."""

    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint("user_id", "request_key"),
        CheckConstraint(one_of("status", PredictionStatus), name="status_known"),
        CheckConstraint("price >= 0", name="price_not_negative"),
        partial_index("ix_predictions_queue", "model_slug", "available_at", where="status = 'queued'"),
        partial_index("ix_predictions_leases", "leased_until", where="status = 'running'"),
        Index(None, "user_id", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    model_version: Mapped[str] = mapped_column(String(32))
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("presets.id", ondelete="RESTRICT"))
    request_key: Mapped[str] = mapped_column(String(64))  # one tap, one prediction
    inputs: Mapped[JsonObject]
    price: Mapped[Credits]
    status: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[JsonObject | None]
    error: Mapped[str | None] = mapped_column(String(255))  # for the log and the operator
    error_code: Mapped[str | None] = mapped_column(String(64))  # an ErrorCode: which sentence the user sees
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)  # the topic of a private chat that has some
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that shows progress and becomes the answer
    progress: Mapped[JsonObject | None]  # {"ahead"} or {"percent"} while it runs elsewhere
    cancel_requested_at: Mapped[datetime | None]  # its customer wants it no more; who holds it settles that
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class FileKind(StrEnum):
    INPUT = "input"
    """A customer's picture, or an owner's sample."""
    RESULT = "result"
    TABLE = "table"
    """A table that a customer sent, and what is made of it on the way to its result."""
    ANSWERED_TABLE = "answered_table"


class File(Base):
    """A picture or a table; its content is in the store that `FILES_URL` names, under its id."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint(one_of("kind", FileKind), name="kind_known"),
        Index("ix_files_age", "kind", "created_at"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    prediction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("predictions.id", ondelete="RESTRICT"), index=True
    )  # of results
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # of older versions; others are in FILES_URL
    kind: Mapped[Word]
    room_type: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[JsonObject | None]
    created_at: Mapped[datetime]
