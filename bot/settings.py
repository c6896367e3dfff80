"""Settings from the environment or `.env`; every one but the token has a default."""

import re
from datetime import UTC
from decimal import Decimal
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.addresses import is_redis_address, is_web_address
from bot.env_file import UTF_8, BadEnvFile, check_lines, encoding_of, misspelt, variables_in, without_blanks
from db.connections import read_address
from mail.server import MailSender, SmtpServer, parse_sender, parse_server
from services.billing.credits import BadAmount, parse_amount
from services.files.store import open_store
from services.hosts import is_here
from services.manifests.variables import offer
from services.money import AmountOutOfBounds, parse_roubles
from services.payments.providers.cloudpayments.tax import ReceiptTax, parse_tax
from services.proxies import Proxy, parse_proxy
from services.redaction import hide, hide_login, hide_password

MAX_CREDITS = 100_000_000  # hundredths; a typing mistake should not make a bonus of billions
MAX_STAR_PRICE = 100_000  # credits
MAX_CREDIT_PRICE = 1_000_000_00  # kopecks
TELEGRAM_API = "https://api.telegram.org"
TELEGRAM_LINKS = "https://t.me"
YOOKASSA_API = "https://api.yookassa.ru/v3"
CLOUDPAYMENTS_API = "https://api.cloudpayments.ru"
MARKET_DATA = "https://iss.moex.com/iss"
EXAMPLES = {
    "telegram_api_url": TELEGRAM_API,
    "telegram_links_url": TELEGRAM_LINKS,
    "public_url": "https://bot.example.com",
    "yookassa_api_url": YOOKASSA_API,
    "cloudpayments_api_url": CLOUDPAYMENTS_API,
    "market_data_url": MARKET_DATA,
}
MAY_BE_EMPTY = ("payment_methods",)  # none at all is a choice


class SettingsError(Exception):
    """Wrong settings, one line each."""


class StoreSettings(BaseSettings):
    """What commands need that never talk to Telegram: no token."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(default="sqlite+aiosqlite:///data/kassandra.db", repr=False)
    models_dir: Path = Path("models_store")
    market_data_url: str = MARKET_DATA  # speaks ISS, Moscow Exchange's protocol

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a program says, the environment, `.env`; of the last two only what has a value."""
        environment, file = (
            InitSettingsSource(settings_cls, without_blanks(source(), except_for=MAY_BE_EMPTY))
            for source in (env_settings, dotenv_settings)
        )
        return init_settings, environment, file

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        read_address(value)
        return value

    @field_validator("market_data_url")
    @classmethod
    def _market(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _web_address(value, info)

    @model_validator(mode="before")
    @classmethod
    def _hide(cls, values: Any) -> Any:  # Any: whatever the sources gave
        """What is secret is never shown from here on, also where the settings turn out to be wrong."""
        for name, value in values.items():
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            if name in cls.model_fields and is_secret(cls.model_fields[name].annotation):
                hide(text)
            if "@" in text or "://" in text:
                hide_password(text)
        return values


class ShopSettings(StoreSettings):
    """What commands need that keep the shop's books in the shop's time: no token either."""

    timezone: str = "Europe/Moscow"
    weekly_bonus_credits: int = 200  # hundredths; written as credits: 2.00; 0: none
    weekly_bonus_cron: str = "0 10 * * mon"
    weekly_bonus_ttl_days: int = Field(default=7, ge=1, le=366)
    forecast_cron: str = "0 9 * * mon"  # once a week at most: the first time of it counts

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, such as Europe
            raise ValueError("is not a time zone such as Europe/Moscow") from error
        return value

    @field_validator("weekly_bonus_credits", mode="before")
    @classmethod
    def _bonus(cls, value: object) -> object:
        return _credits_of(value) if isinstance(value, str) else value

    @field_validator("weekly_bonus_cron", "forecast_cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        from bot.cron import parse_cron  # most commands have no schedule

        try:
            parse_cron(value, UTC)
        except ValueError as error:
            raise ValueError("is not a schedule of five fields such as 0 10 * * mon") from error
        return value


class Settings(ShopSettings):
    bot_token: SecretStr
    telegram_api_url: str = TELEGRAM_API
    telegram_links_url: str = TELEGRAM_LINKS
    telegram_proxy: Annotated[Proxy | None, NoDecode] = None
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr | None = None
    public_url: str | None = None
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    redis_url: str | None = Field(default=None, repr=False)
    owner_ids: Annotated[tuple[int, ...], NoDecode] = ()
    default_language: Literal["ru", "en"] = "ru"
    welcome_credits: int = 1000  # hundredths; written as credits: 10.00
    chat_messages_a_minute: int = Field(default=20, ge=1, le=100_000)
    api_requests_a_minute: int = Field(default=600, ge=1, le=10_000_000)  # of one person or one key
    webhooks_loopback: bool = False  # webhooks of customers may lead to this machine: for tries
    plan_grace_days: int = Field(default=3, ge=0, le=30)
    chat_journal_days: int = Field(default=30, ge=1, le=3_650)
    chat_tokens_a_day: int = Field(default=0, ge=0, le=10**15)  # of one customer; 0: no limit
    credit_price: int = 1000  # kopecks for one credit; written as roubles: 10.00
    payment_methods: Annotated[tuple[Literal["yookassa", "cloudpayments", "stars"], ...], NoDecode] = (
        "yookassa",
        "cloudpayments",
        "stars",
    )
    stars_price: Decimal | None = None  # credits for one Star; None: they are not taken
    yookassa_shop_id: str | None = None
    yookassa_secret_key: SecretStr | None = None
    yookassa_api_url: str = YOOKASSA_API
    yookassa_proxy: Annotated[Proxy | None, NoDecode] = None
    yookassa_vat_code: int | None = Field(default=None, ge=1, le=12)
    cloudpayments_public_id: str | None = None
    cloudpayments_api_secret: SecretStr | None = None
    cloudpayments_api_url: str = CLOUDPAYMENTS_API
    cloudpayments_tax: Annotated[ReceiptTax | None, NoDecode] = None
    smtp_url: Annotated[SmtpServer | None, NoDecode] = None
    mail_from: Annotated[MailSender | None, NoDecode] = None
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = (
        ip_network("127.0.0.1"),
        ip_network("::1"),
    )
    metrics_token: SecretStr | None = None
    files_url: str | None = None
    keep_pictures_days: int = Field(default=30, ge=0, le=3660)  # customers' own; 0: for ever
    keep_results_days: int = Field(default=365, ge=0, le=3660)  # what models made of them; 0: for ever
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
        parts = _words(value)
        if not all(re.fullmatch("[1-9][0-9]{0,15}", part) for part in parts):  # Telegram's ids have at most 52 bits
            raise ValueError("is a list of Telegram ids: numbers separated by commas")
        return tuple(int(part) for part in parts)

    @field_validator("welcome_credits", mode="before")
    @classmethod
    def _credits(cls, value: object) -> object:
        return _credits_of(value) if isinstance(value, str) else value

    @field_validator("credit_price", mode="before")
    @classmethod
    def _roubles(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse_roubles(value, low=1, high=MAX_CREDIT_PRICE)
        except AmountOutOfBounds as error:
            raise ValueError("is a price in roubles such as 10.00") from error

    @field_validator("stars_price", mode="before")
    @classmethod
    def _star(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip().replace(",", ".")
        price = Decimal(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) else Decimal(0)
        if not 0 < price <= MAX_STAR_PRICE:
            raise ValueError("is how many credits one Star buys, such as 0.13")
        return price

    @field_validator("payment_methods", mode="before")
    @classmethod
    def _methods(cls, value: object) -> object:
        return tuple(_words(value)) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(word) for word in _words(value))
        except ValueError as error:
            raise ValueError("is a list of addresses and networks such as 127.0.0.1, 172.16.0.0/12") from error

    @field_validator("yookassa_shop_id", "yookassa_secret_key", "cloudpayments_public_id", "cloudpayments_api_secret")
    @classmethod
    def _credential(cls, value: str | SecretStr | None, info: ValidationInfo) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and not re.fullmatch("[!-9;-~]+", text):
            whose = "CloudPayments'" if str(info.field_name).startswith("cloudpayments") else "YooKassa's"
            raise ValueError(f"has characters that none has; copy it anew from {whose} cabinet")
        return value

    @field_validator("telegram_proxy", "yookassa_proxy", mode="before")
    @classmethod
    def _proxy(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return parse_proxy(value)

    @field_validator("cloudpayments_tax", mode="before")
    @classmethod
    def _tax(cls, value: object) -> object:
        return parse_tax(value) if isinstance(value, str) else value

    @field_validator("smtp_url", mode="before")
    @classmethod
    def _server(cls, value: object) -> object:
        return parse_server(value) if isinstance(value, str) else value

    @field_validator("mail_from", mode="before")
    @classmethod
    def _sender(cls, value: object) -> object:
        return parse_sender(value) if isinstance(value, str) else value

    @field_validator(
        "telegram_api_url", "telegram_links_url", "public_url", "yookassa_api_url", "cloudpayments_api_url"
    )
    @classmethod
    def _address(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _web_address(value, info)

    @field_validator("web_host")
    @classmethod
    def _host(cls, value: str) -> str:
        try:
            value.encode("idna")
        except UnicodeError:
            value = ""
        if not re.fullmatch(r"[^\s/]+", value):
            raise ValueError("is an address of this machine such as 127.0.0.1 or 0.0.0.0")
        return value

    @field_validator("files_url")
    @classmethod
    def _files(cls, value: str | None) -> str | None:
        if value is not None:
            open_store(value)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and find_spec("redis") is None:
            raise ValueError("needs one more package: .venv/bin/pip install -r requirements/server.txt")
        if value is not None and not is_redis_address(value):
            raise ValueError("is an address such as redis://127.0.0.1:6379/0")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("may have 1 to 256 letters, digits, _ and -")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _metrics_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[\x21-\x7e]{16,256}", value.get_secret_value()):
            raise ValueError("needs 16 to 256 characters without spaces, such as openssl rand -hex 32 gives")
        return value

    @model_validator(mode="after")
    def _webhook(self) -> "Settings":
        if self.telegram_mode == "webhook" and not (self.public_url and self.telegram_webhook_secret):
            raise ValueError("TELEGRAM_MODE=webhook needs PUBLIC_URL and TELEGRAM_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _shop(self) -> "Settings":
        if (self.yookassa_shop_id is None) != (self.yookassa_secret_key is None):
            raise ValueError("YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY go together: one of them is not set")
        if self.yookassa_shop_id is not None and self.yookassa_secret_key is not None:
            hide_login(self.yookassa_shop_id, self.yookassa_secret_key.get_secret_value())
        return self

    @model_validator(mode="after")
    def _site(self) -> "Settings":
        if (self.cloudpayments_public_id is None) != (self.cloudpayments_api_secret is None):
            raise ValueError("CLOUDPAYMENTS_PUBLIC_ID and CLOUDPAYMENTS_API_SECRET go together: one of them is not set")
        if self.cloudpayments_public_id is not None and self.cloudpayments_api_secret is not None:
            hide_login(self.cloudpayments_public_id, self.cloudpayments_api_secret.get_secret_value())
        return self

    @model_validator(mode="after")
    def _letters(self) -> "Settings":
        if (self.smtp_url is None) != (self.mail_from is None):
            raise ValueError("SMTP_URL and MAIL_FROM go together: one of them is not set")
        if self.smtp_url is not None:
            if self.public_url is None:
                raise ValueError("SMTP_URL needs PUBLIC_URL: the links in letters lead there")
            hide_login(self.smtp_url.user, self.smtp_url.password)
        return self

    @property
    def files_store(self) -> str:
        """`FILES_URL`, or a folder beside the database where that is a file."""
        if self.files_url is not None:
            return self.files_url
        address = read_address(self.database_url)
        beside = address.get_backend_name() == "sqlite" and address.database
        return f"file:{Path(beside).parent / 'files' if beside else 'data/files'}"

    @property
    def versions_dir(self) -> Path:
        """Where this machine keeps uploaded models that it fetched from the store: beside the files."""
        path = self.files_store.removeprefix("file:").removeprefix("//") if self.files_store.startswith("file:") else ""
        return (Path(path).parent if path else Path("data")) / "uploaded-models"

    @property
    def checks_dir(self) -> Path:
        """Where files that were sent as models are looked at: beside those."""
        return self.versions_dir.with_name("upload-checks")

    @property
    def mini_app_url(self) -> str | None:
        """Telegram opens what has https alone; one that is not the real one also what only this machine reaches."""
        parts = urlsplit(self.public_url or "")
        here = self.telegram_api_url != TELEGRAM_API and is_here(parts.hostname or "")
        return f"{self.public_url}/mini-app" if parts.scheme == "https" or here else None

    @property
    def webhook_url(self) -> str:
        return f"{(self.public_url or '').rstrip('/')}/telegram/webhook"


def is_secret(kind: Any) -> bool:  # Any: a type as it stands in a class
    """Whether it is `SecretStr`, also beside None."""
    return kind is SecretStr or any(is_secret(part) for part in get_args(kind))


def _web_address(value: str | None, info: ValidationInfo) -> str | None:
    if value is not None and not is_web_address(value):
        raise ValueError(f"is an address such as {EXAMPLES[str(info.field_name)]}")
    return value and value.rstrip("/")


def _credits_of(text: str) -> int:
    """Hundredths; nothing is an amount too."""
    if re.fullmatch(r"0+([.,]0{1,2})?", text.strip()):
        return 0
    try:
        return parse_amount(text, low=1, high=MAX_CREDITS)
    except BadAmount as error:
        raise ValueError("is an amount of credits such as 10.00") from error


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,;\s]+", text) if word]


S = TypeVar("S", bound=StoreSettings)


def load_settings(**overrides: object) -> Settings:
    """Raises `SettingsError` that names each wrong variable, never its value."""
    return _load(Settings, overrides)


def load_shop_settings() -> ShopSettings:
    """Raises `SettingsError`."""
    return _load(ShopSettings, {})


def load_store_settings() -> StoreSettings:
    """Raises `SettingsError`."""
    return _load(StoreSettings, {})


def misspelt_settings(file: Path = Path(".env")) -> list[tuple[str, str]]:
    """Lines of `.env` that nobody reads, and the setting that each was probably meant to be."""
    return misspelt(file, Settings.model_fields)


def _load(kind: type[S], overrides: dict[str, object]) -> S:
    file = overrides.get("_env_file", ".env")
    try:
        encoding = UTF_8 if file is None else encoding_of(Path(str(file)))
        if file is not None:
            check_lines(Path(str(file)), encoding)
            offer(variables_in(Path(str(file)), encoding))  # keys of servers, which manifests name
        return kind(**overrides, _env_file_encoding=encoding)  # type: ignore[arg-type]  # pydantic checks what they hold
    except BadEnvFile as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in problem["loc"]).upper()
            text = "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name} {text}".strip())
        raise SettingsError("; ".join(lines)) from None
