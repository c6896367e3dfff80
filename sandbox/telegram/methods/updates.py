"""getUpdates and webhooks."""

import re
from urllib.parse import urlsplit

from sandbox.telegram.errors import BadRequest, Conflict
from sandbox.telegram.methods.base import Call
from sandbox.telegram.types.params import DeleteWebhook, GetUpdates, NoParams, SetWebhook
from sandbox.telegram.webhook import Target
from sandbox.telegram.wire import JsonObject

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
MAX_WEBHOOK_CONNECTIONS = 100


async def get_updates(call: Call, params: GetUpdates) -> list[JsonObject]:
    world = call.world
    if world.webhook.active:
        raise Conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    world.updates.allow(params.allowed_updates)
    return await world.updates.poll(
        offset=params.offset, limit=params.limit, seconds=params.timeout, is_heard=call.is_heard
    )


async def set_webhook(call: Call, params: SetWebhook) -> bool:
    world = call.world
    if not params.url:
        return _remove_webhook(call, bool(params.drop_pending_updates))
    try:
        address = urlsplit(params.url)
        host, scheme = address.hostname, address.scheme
    except ValueError as error:
        raise BadRequest(f"bad webhook: {error}") from error
    # Telegram wants https on one of four ports; a local bot has neither a certificate nor those ports.
    if scheme not in ("http", "https") or not host:
        raise BadRequest("bad webhook: An HTTPS URL must be provided for webhook")
    if params.secret_token is not None and not _SECRET.fullmatch(params.secret_token):
        raise BadRequest("secret token contains unallowed characters")
    if params.drop_pending_updates:
        world.updates.drop()
    world.updates.allow(params.allowed_updates)
    world.updates.interrupt("terminated by setWebhook request")
    world.webhook.set(
        Target(
            url=params.url,
            secret_token=params.secret_token,
            max_connections=min(max(params.max_connections, 1), MAX_WEBHOOK_CONNECTIONS),
            ip_address=params.ip_address,
            has_certificate="certificate" in call.uploads,
        )
    )
    return True


def _remove_webhook(call: Call, drop_pending_updates: bool) -> bool:
    if drop_pending_updates:
        call.world.updates.drop()
    call.world.webhook.set(None)
    return True


async def delete_webhook(call: Call, params: DeleteWebhook) -> bool:
    return _remove_webhook(call, bool(params.drop_pending_updates))


async def get_webhook_info(call: Call, _params: NoParams) -> JsonObject:
    return call.world.webhook.info()
