"""Settings from the environment or `.env`; every one but the token has a default."""

import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.billing.credits import BadAmount, parse_amount

MAX_CREDITS = 100_000_000  # hundredths; a typing mistake should not make a bonus of billions


class SettingsError(Exception):
    """Wrong settings, one line each."""


class StoreSettings(BaseSettings):
    """What commands need that never talk to Telegram: no token."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    database_url: str = "sqlite+aiosqlite:///data/kassandra.db"
    models_dir: Path = Path("models_store")


class Settings(StoreSettings):
    bot_token: SecretStr
    telegram_api_url: str = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr | None = None
    public_url: str | None = None
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    redis_url: str | None = None
    owner_ids: Annotated[tuple[int, ...], NoDecode] = ()
    default_language: Literal["ru", "en"] = "ru"
    timezone: str = "Europe/Moscow"
    welcome_credits: int = 1000  # hundredths; written as credits: 10.00
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"\d+:[A-Za-z0-9_-]{20,}", value.get_secret_value()):
            raise ValueError("is not a bot token; @BotFather gives one like 123456:ABC…")
        return value

    @field_validator("owner_ids", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part for part in re.split(r"[,;\s]+", value) if part]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError("is a list of Telegram ids: numbers separated by commas")
        return tuple(int(part) for part in parts)

    @field_validator("welcome_credits", mode="before")
    @classmethod
    def _credits(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if re.fullmatch(r"0+([.,]0{1,2})?", value.strip()):
            return 0
        try:
            return parse_amount(value, low=1, high=MAX_CREDITS)
        except BadAmount as error:
            raise ValueError("is an amount of credits such as 10.00") from error

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone such as Europe/Moscow") from error
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("may have 1 to 256 letters, digits, _ and -")
        return value

    @model_validator(mode="after")
    def _webhook(self) -> "Settings":
        if self.telegram_mode == "webhook" and not (self.public_url and self.telegram_webhook_secret):
            raise ValueError("TELEGRAM_MODE=webhook needs PUBLIC_URL and TELEGRAM_WEBHOOK_SECRET")
        return self

    @property
    def webhook_url(self) -> str:
        return f"{(self.public_url or '').rstrip('/')}/telegram/webhook"


S = TypeVar("S", bound=StoreSettings)


def load_settings(**overrides: object) -> Settings:
    """Raises `SettingsError` that names each wrong variable, never its value."""
    return _load(Settings, overrides)


def load_store_settings() -> StoreSettings:
    """Raises `SettingsError`."""
    return _load(StoreSettings, {})


def _load(kind: type[S], overrides: dict[str, object]) -> S:
    try:
        return kind(**overrides)  # type: ignore[arg-type]  # pydantic checks what overrides hold
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in problem["loc"]).upper()
            text = "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name} {text}".strip())
        raise SettingsError("; ".join(lines)) from None
