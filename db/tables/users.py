"""Users, admins and what admins did."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, Key, Word, one_of


class Gender(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MODERATOR = "moderator"  # looks, does not touch money


class AuditAction(StrEnum):
    """What the audit log tells of: a noun and a verb."""

    CREDITS_GRANT = "credits.grant"
    CREDITS_TAKE = "credits.take"
    USER_DISABLE = "user.disable"
    USER_ENABLE = "user.enable"
    USER_WRITE = "user.write"
    ACCOUNT_MERGE = "account.merge"
    ACCOUNT_DELETE = "account.delete"
    USER_SIGN_OUT = "user.sign_out"
    USER_FACTOR_OFF = "user.factor_off"
    ROLE_CHANGE = "role.change"
    PAYMENT_REFUND = "payment.refund"
    PAYMENT_ASK = "payment.ask"
    STRAY_REFUND = "stray.refund"
    MODEL_PRICE = "model.price"
    MODEL_ENABLE = "model.enable"
    MODEL_DISABLE = "model.disable"
    MODEL_TRY_AGAIN = "model.try_again"
    MODEL_TEST = "model.test"
    MODEL_MOVE = "model.move"
    PRESET_CREATE = "preset.create"
    PRESET_EDIT = "preset.edit"
    PRESET_ENABLE = "preset.enable"
    PRESET_DISABLE = "preset.disable"
    PRESET_MOVE = "preset.move"
    PRESET_DELETE = "preset.delete"
    PACKAGE_CREATE = "package.create"
    PACKAGE_EDIT = "package.edit"
    PACKAGE_ENABLE = "package.enable"
    PACKAGE_DISABLE = "package.disable"
    PACKAGE_MOVE = "package.move"
    PLAN_CREATE = "plan.create"
    PLAN_EDIT = "plan.edit"
    PLAN_ENABLE = "plan.enable"
    PLAN_DISABLE = "plan.disable"
    PLAN_MOVE = "plan.move"
    PLAN_OFFER = "plan.offer"
    CHAT_REQUEST_OPEN = "chat.request_open"
    UPLOAD_RECEIVE = "upload.receive"
    UPLOAD_CHECK = "upload.check"
    UPLOAD_CHANGE = "upload.change"
    UPLOAD_TRY = "upload.try"
    UPLOAD_COMPARE = "upload.compare"
    UPLOAD_PUBLISH = "upload.publish"
    UPLOAD_DISCARD = "upload.discard"
    UPLOAD_REMOVE = "upload.remove"
    LIST_ADD = "list.add"
    LIST_REMOVE = "list.remove"
    BONUS_WEEK_GRANTED = "bonus.week_granted"


class Edge(StrEnum):
    """Where somebody acted."""

    CHAT = "chat"
    WEB = "web"
    API = "api"


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        CheckConstraint("age IS NULL OR (age BETWEEN 1 AND 120)", name="age_is_human"),
        CheckConstraint(f"gender IS NULL OR {one_of('gender', Gender)}", name="gender_known"),
    )

    id: Mapped[Key]
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # null: does not come through Telegram
    username: Mapped[str | None] = mapped_column(String(64), index=True)
    first_name: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(2))
    language_chosen: Mapped[bool] = mapped_column(default=False)  # by the user; else it follows Telegram's
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    gender: Mapped[str | None] = mapped_column(String(8))
    age: Mapped[int | None]
    balance: Mapped[Credits] = mapped_column(default=0)
    bonus_muted: Mapped[bool] = mapped_column(default=False)
    outcomes_muted: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)
    blocked_at: Mapped[datetime | None]  # the user blocked the bot
    disabled_at: Mapped[datetime | None]  # an admin disabled the user
    deleted_at: Mapped[datetime | None]  # by themselves: nothing personal is left, the ledger is
    free_from: Mapped[datetime | None]  # they had the free plan's allowances until then, with an account that is gone


class Admin(Base):
    """A role. It waits under a Telegram id for somebody who has never been here."""

    __tablename__ = "admins"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role_known"),
        CheckConstraint("(user_id IS NULL) <> (telegram_id IS NULL)", name="one_person"),
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), unique=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    role: Mapped[Word]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # null: the shop itself
    created_at: Mapped[datetime]


class Departure(Base):
    """Somebody deleted their account: welcome credits, a trial and a month of the free plan are given once to a
    person."""

    __tablename__ = "departures"

    person_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # keyed, of a Telegram id or an address
    left_at: Mapped[datetime]
    had_trial: Mapped[bool] = mapped_column(default=False, server_default=false())  # of a plan
    free_until: Mapped[datetime | None]  # the end of what the free plan had given


class AuditEntry(Base):
    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "target_user_id", "created_at"),
        CheckConstraint(f"edge IS NULL OR {one_of('edge', Edge)}", name="edge_known"),
    )

    id: Mapped[Key]
    actor_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT")
    )  # null: the shop itself
    target_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    edge: Mapped[str | None] = mapped_column(String(8))  # an Edge; null: the shop itself
    action: Mapped[str] = mapped_column(String(64))  # an AuditAction
    subject: Mapped[str | None] = mapped_column(String(64))  # id of a model, payment, package
    before: Mapped[JsonObject | None]
    after: Mapped[JsonObject | None]
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
