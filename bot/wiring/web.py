"""The HTTP part of a shop: its endpoints, and the server under them. Only a process with that part imports it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.health import Health
from bot.http.server import HttpServer, make_server
from bot.parts.core import Core
from bot.settings import TELEGRAM_API, YOOKASSA_API, Settings
from services.container import Services
from services.payments.providers.cloudpayments.question import LastQuestion
from services.payments.service import Payments
from web.app import make_web
from web.context import CloudPaymentsWebhook, PaymentsWebhook, Site, TelegramWebhook, WebContext
from web.webhooks.yookassa import LOOPBACK, YOOKASSA_NETWORKS


def shop_server(
    settings: Settings,
    services: Services,
    health: Health,
    feed: Callable[[Any], Awaitable[bool]],  # Any: Telegram's JSON
    site: Site,
) -> HttpServer:
    """`feed` handles an update that Telegram brings here and returns whether that ended well."""
    secret, token = settings.telegram_webhook_secret, settings.metrics_token
    pushed = TelegramWebhook(feed=feed, secret=secret.get_secret_value() if secret else "")
    context = WebContext(
        health=health,
        site=site,
        telegram=pushed if settings.telegram_mode == "webhook" else None,
        yookassa=None if services.payments is None else payments_webhook(settings, services.payments),
        cloudpayments=None if services.payments is None else cloudpayments_webhook(settings, services.payments),
        proxies=settings.trusted_proxies,
        metrics_token=token.get_secret_value() if token else "",
    )
    return make_server(make_web(context), trusted=settings.trusted_proxies)


def open_site(core: Core, *, bot_username: Callable[[], str | None]) -> Site:
    """A Telegram that is not the real one, such as the sandbox, shows our pages on its own."""
    settings = core.settings
    real = settings.telegram_api_url == TELEGRAM_API
    return Site(
        services=core.services,
        catalogues=core.catalogues,
        clock=core.clock,
        public_url=settings.public_url,
        bot_username=bot_username,
        telegram_links=settings.telegram_links_url,
        framers=() if real else (origin_of(settings.telegram_api_url),),
        api_requests_a_minute=settings.api_requests_a_minute,
        folder=folder_of(settings.files_store),
    )


def folder_of(store: str) -> Path | None:
    """Of files that lie on this machine."""
    return Path(store.removeprefix("file:")) if store.startswith("file:") else None


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def payments_webhook(settings: Settings, payments: Payments) -> PaymentsWebhook:
    """A YooKassa that is not the real one, such as the sandbox, calls from this machine."""
    real = settings.yookassa_api_url == YOOKASSA_API
    senders = YOOKASSA_NETWORKS if real else (*YOOKASSA_NETWORKS, *LOOPBACK)
    return PaymentsWebhook(payments=payments, senders=senders)


def cloudpayments_webhook(settings: Settings, payments: Payments) -> CloudPaymentsWebhook | None:
    """Also where PAYMENT_METHODS leaves it out: what is told of what was begun is kept."""
    if (secret := settings.cloudpayments_api_secret) is None:
        return None
    return CloudPaymentsWebhook(
        payments=payments, secret=secret.get_secret_value(), question=LastQuestion(payments.ctx)
    )
