"""The HTTP part of a shop: its endpoints, and the server under them. Only a process with that part imports it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.health import Health
from bot.http.server import HttpServer, make_server
from bot.settings import YOOKASSA_API, Settings
from services.container import Services
from services.payments.providers.yookassa.notifications import read_notification
from services.payments.service import Payments
from web.app import Hooks, make_web
from web.kit.senders import Network
from web.webhooks.yookassa import LOOPBACK, YOOKASSA_NETWORKS, PaymentHooks


def shop_server(
    settings: Settings,
    services: Services,
    health: Health,
    feed: Callable[[Any], Awaitable[bool]],  # Any: Telegram's JSON
) -> HttpServer:
    """`feed` handles an update that Telegram brings here and returns whether that ended well."""
    secret, token = settings.telegram_webhook_secret, settings.metrics_token
    hooks = Hooks(
        readiness=health.readiness,
        registry=health.registry,
        refresh_metrics=health.refresh,
        feed=feed if settings.telegram_mode == "webhook" else None,
        telegram_secret=secret.get_secret_value() if secret else "",
        payments=None if services.payments is None else payment_hooks(settings, services.payments),
        proxies=settings.trusted_proxies,
        metrics_token=token.get_secret_value() if token else "",
    )
    return make_server(make_web(hooks), trusted=settings.trusted_proxies)


def payment_hooks(settings: Settings, payments: Payments) -> PaymentHooks:
    """A YooKassa that is not the real one, such as the sandbox, calls from this machine."""
    real = settings.yookassa_api_url == YOOKASSA_API
    senders = YOOKASSA_NETWORKS if real else (*YOOKASSA_NETWORKS, *LOOPBACK)
    return yookassa_hooks(payments, senders, settings.trusted_proxies)


def yookassa_hooks(payments: Payments, senders: Sequence[Network], proxies: Sequence[Network]) -> PaymentHooks:
    async def keep(raw: bytes) -> None:
        await payments.events.keep(read_notification(raw))

    return PaymentHooks(keep=keep, senders=senders, proxies=proxies)
