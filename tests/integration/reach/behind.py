"""A shop that reaches Telegram and YooKassa through proxies only: their names are known to the proxies alone, so a call
that goes past them finds nobody."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.settings import Settings
from sandbox.client.sandbox import Sandbox, Shop
from tests.conversations.stage import shop_settings
from tests.support.proxy_servers import LOGIN, Place, ProxyServer

TELEGRAM, YOOKASSA = "telegram.invalid", "yookassa.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    settings: Settings
    shop: Shop


def port_of(sandbox: Sandbox) -> int:
    port = urlsplit(sandbox.base_url).port
    assert port is not None
    return port


def hosts(port: int) -> dict[str, Place]:
    """`port`: of the sandbox, or of what stands before it."""
    return {TELEGRAM: ("127.0.0.1", port), YOOKASSA: ("127.0.0.1", port)}


def address(scheme: str, proxy: ProxyServer, login: str = LOGIN) -> str:
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"{scheme}://{login}@{host}:{proxy.port}" if login else f"{scheme}://{host}:{proxy.port}"


async def behind(
    sandbox: Sandbox,
    url: str,
    *,
    telegram: str | None = None,
    yookassa: str | None = None,
    scheme: str = "http",
    **more: object,
) -> Behind:
    """`telegram`, `yookassa`: the addresses of the two proxies. `scheme`: what is spoken with those behind them."""
    shop = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        url,
        **{
            "telegram_api_url": f"{scheme}://{TELEGRAM}",
            "telegram_proxy": telegram,
            "yookassa_api_url": f"{scheme}://{YOOKASSA}/yookassa/v3",
            "yookassa_proxy": yookassa,
            "yookassa_shop_id": shop.shop_id,
            "yookassa_secret_key": shop.secret_key,
        }
        | more,
    )
    return Behind(settings=settings, shop=shop)
