"""What the API remembers of requests."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, JsonObject, Key, Word, one_of


class RequestState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class IdempotentRequest(Base):
    """A request with an `Idempotency-Key`. `scope`: whose key it is; `fingerprint`: of method, path and body; what was
    answered is answered again."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (
        CheckConstraint(one_of("state", RequestState), name="state_known"),
        UniqueConstraint("scope", "key"),
    )

    id: Mapped[Key]
    scope: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[Word]
    status: Mapped[int | None]
    headers: Mapped[JsonObject | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
