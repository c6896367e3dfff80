"""Settings of money, as they stand in `.env`."""

from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_settings
from bot.wiring.payments import open_payments, why_closed
from bot.wiring.web import payments_webhook
from db.engine import Database
from handlers.telegram.client import make_bot
from services.clock import system_clock
from services.coordination.memory import MemoryCoordination
from web.webhooks.yookassa import LOOPBACK, YOOKASSA_NETWORKS

TOKEN = "123456:" + "a" * 30


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Written":
    return Written(tmp_path / ".env", monkeypatch)


class Written:
    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path, self._monkeypatch = path, monkeypatch

    def __call__(self, *lines: str) -> Settings:
        for name in Settings.model_fields:
            self._monkeypatch.delenv(name.upper(), raising=False)
        self._path.write_text("\n".join([f"BOT_TOKEN={TOKEN}", *lines]))
        return load_settings(_env_file=self._path)


def test_defaults(written: Written) -> None:
    settings = written()
    assert settings.credit_price == 1000
    assert settings.payment_methods == ("yookassa", "cloudpayments", "stars")
    assert settings.trusted_proxies == (ip_network("127.0.0.1"), ip_network("::1"))
    assert why_closed(settings) == "YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY"


def test_all_of_them(written: Written) -> None:
    settings = written(
        "CREDIT_PRICE=9,90",
        "YOOKASSA_SHOP_ID=123",
        "YOOKASSA_SECRET_KEY=live_secret",
        "YOOKASSA_VAT_CODE=1",
        "TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.7",
    )
    assert (settings.credit_price, settings.yookassa_vat_code) == (990, 1)
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("192.0.2.7"))
    assert "live_secret" not in repr(settings)
    assert why_closed(settings) is None


def test_stars_alone(written: Written) -> None:
    """A shop that keeps to Telegram's rule."""
    settings = written("PAYMENT_METHODS=stars", "STARS_PRICE=0,13")
    assert settings.stars_price == Decimal("0.13")
    assert why_closed(settings) is None
    assert why_closed(written("PAYMENT_METHODS=stars")) == "STARS_PRICE"


def test_lines_without_a_value(written: Written) -> None:
    settings = written("YOOKASSA_SHOP_ID=", "YOOKASSA_SECRET_KEY=", "YOOKASSA_VAT_CODE=", "PAYMENT_METHODS=")
    assert (settings.yookassa_shop_id, settings.yookassa_secret_key, settings.yookassa_vat_code) == (None, None, None)
    assert settings.payment_methods == ()
    assert why_closed(settings) is None  # nobody wants a till


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("CREDIT_PRICE=0", "CREDIT_PRICE"),
        ("CREDIT_PRICE=ten", "CREDIT_PRICE"),
        ("CREDIT_PRICE=1.001", "CREDIT_PRICE"),
        ("YOOKASSA_VAT_CODE=13", "YOOKASSA_VAT_CODE"),
        ("YOOKASSA_SHOP_ID=1", "go together"),
        ("YOOKASSA_SECRET_KEY=hidden", "go together"),
        ("YOOKASSA_API_URL=ftp://x", "YOOKASSA_API_URL"),
        ("TRUSTED_PROXIES=10.0.0.1/8", "TRUSTED_PROXIES"),
        ("TRUSTED_PROXIES=everybody", "TRUSTED_PROXIES"),
        ("PAYMENT_METHODS=cash", "PAYMENT_METHODS"),
        ("STARS_PRICE=0", "STARS_PRICE"),
        ("STARS_PRICE=-1", "STARS_PRICE"),
        ("STARS_PRICE=0.0000001", "STARS_PRICE"),
        ("STARS_PRICE=1e2", "STARS_PRICE"),
        ("STARS_PRICE=a lot", "STARS_PRICE"),
    ],
)
def test_wrong_ones_are_named(written: Written, line: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        written(line)
    assert said in str(refused.value)
    assert "hidden" not in str(refused.value)


async def test_this_machine_may_notify_a_sandboxs_shop_only(written: Written, sqlite_database: Database) -> None:
    for api, senders in (
        ("", YOOKASSA_NETWORKS),
        ("YOOKASSA_API_URL=http://127.0.0.1:8081/yookassa/v3/", (*YOOKASSA_NETWORKS, *LOOPBACK)),
    ):
        settings = written("YOOKASSA_SHOP_ID=1", "YOOKASSA_SECRET_KEY=live_x", api)
        bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url)
        till = open_payments(settings, sqlite_database, system_clock, MemoryCoordination(), lambda: None, bot=bot)
        assert till is not None
        assert not till.accounts.first.merchant.test
        assert tuple(payments_webhook(settings, till).senders) == senders
        till.close()
        await bot.session.close()
