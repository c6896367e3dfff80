"""Ways in besides Telegram (`users.telegram_id`), and what is asked of whoever comes by one: letters, sessions, second
factors, keys. Of everything secret only a hash is kept, but for what a second factor is reckoned from."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, JsonObject, Key, Word, one_of


class SessionKind(StrEnum):
    BROWSER = "browser"
    MINI_APP = "mini_app"
    """In a frame of Telegram: its cookie is another one."""
    API = "api"
    """Of a program that signed in as a person does, such as one on a telephone."""


class LetterPurpose(StrEnum):
    """What the link in a letter is for."""

    SIGN_UP = "sign_up"
    RESET = "reset"
    CHANGE_ADDRESS = "change_address"
    LINK = "link"
    """An e-mail address becomes a way in to an account that has none."""


class LoginPurpose(StrEnum):
    """What the bot is asked to confirm."""

    SIGN_IN = "sign_in"
    LINK = "link"


class ApiScope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    """To look: at the account, what is sold, what was bought."""
    PREDICT = "predict"
    CHAT = "chat"
    PAY = "pay"
    """To begin payments, and to take bonuses."""
    ADMIN = "admin"
    """What its owner's role allows."""


class EmailLogin(Base):
    """A confirmed address with a password. `address`: with small letters, as it is compared."""

    __tablename__ = "email_logins"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    unconfirmed_address: Mapped[str | None] = mapped_column(String(254))  # the one above counts until this is confirmed
    password_hash: Mapped[str] = mapped_column(String(255))
    password_changed_at: Mapped[datetime]
    created_at: Mapped[datetime]


class MailToken(Base):
    """What a letter's link bears, by its hash. A newer one of the same purpose and address voids the older."""

    __tablename__ = "mail_tokens"
    __table_args__ = (
        CheckConstraint(one_of("purpose", LetterPurpose), name="purpose_known"),
        Index(None, "address", "purpose"),
        {"sqlite_autoincrement": True},  # a letter that waits names its row: no other may get that number
    )

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[Word]
    address: Mapped[str] = mapped_column(String(254))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)  # null: new
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """Somebody signed in. `authenticated_at`: when they last proved who they are, for steps that want it to be recent;
    `second_factor_at`: when they last showed a second factor."""

    __tablename__ = "web_sessions"
    __table_args__ = (CheckConstraint(one_of("kind", SessionKind), name="kind_known"),)

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[Word]
    remember: Mapped[bool]
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    authenticated_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser or program that was signed in to an account before, by a token of its own."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("user_id", "token_hash"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(index=True)


class LoginRequest(Base):
    """A browser waits for the bot to confirm who is there. `browser_hash`: of a secret in that browser's cookie;
    `number`: shown there, and asked for in the chat; `user_id`: who links a Telegram account to theirs."""

    __tablename__ = "login_requests"
    __table_args__ = (CheckConstraint(one_of("purpose", LoginPurpose), name="purpose_known"),)

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[Word]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    number: Mapped[int]
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_telegram_id: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SecondFactor(Base):
    """Codes of an app (TOTP). `secret` in base32; `last_step`: of the last code that was taken, so that none is taken
    twice."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # null: begun, and not in force


class RecoveryCode(Base):
    __tablename__ = "recovery_codes"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    __tablename__ = "api_keys"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    title: Mapped[str] = mapped_column(String(64))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last_four: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[JsonObject]  # {"scopes": ["read", …]}
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccountMerge(Base):
    """One person had two accounts: what `from_user_id` had went to `into_user_id`."""

    __tablename__ = "account_merges"

    id: Mapped[Key]
    from_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), unique=True)
    into_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    credits: Mapped[Credits]  # that went over
    created_at: Mapped[datetime]
