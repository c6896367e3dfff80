"""What is on sale: models and presets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, Key


class Model(Base):
    """One entry of `MODELS_DIR`. The manifest's columns are synced at start; an admin's columns win over them."""

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
