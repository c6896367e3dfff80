"""What is on sale: models and presets."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
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
    admin_price: Mapped[Credits | None]
    admin_enabled: Mapped[bool | None]
    admin_position: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Preset(Base):
    """A model with some inputs already filled in."""

    __tablename__ = "presets"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(32), unique=True)
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"), index=True)
    title: Mapped[JsonObject]  # {ru, en}
    icon: Mapped[str | None] = mapped_column(String(16))
    price: Mapped[Credits | None]  # null: the model's
    inputs: Mapped[JsonObject]
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    created_at: Mapped[datetime]
