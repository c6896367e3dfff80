"""Where a customer's programs are told of what happens: made, changed, tried, and what was sent there."""

from collections.abc import Collection
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from db.tables.webhooks import DeliveryStatus
from services.errors import N_, ShopError
from services.webhooks.endpoint_rows import DisabledBecause, EndpointView
from services.webhooks.endpoints import EndpointChange
from services.webhooks.events import WebhookEvent
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me

router = APIRouter(prefix="/webhooks")
SHOWN: Final = 30  # deliveries, the newest
EVENTS: Final = {
    WebhookEvent.PREDICTION_SUCCEEDED: N_("a prediction is ready"),
    WebhookEvent.PREDICTION_FAILED: N_("a prediction failed"),
    WebhookEvent.PREDICTION_CANCELED: N_("a prediction is canceled"),
    WebhookEvent.SCORING_SUCCEEDED: N_("a table is answered"),
    WebhookEvent.SCORING_FAILED: N_("a table failed"),
    WebhookEvent.SCORING_CANCELED: N_("a table is canceled"),
    WebhookEvent.MESSAGE_COMPLETED: N_("an assistant has answered"),
    WebhookEvent.PAYMENT_SUCCEEDED: N_("a payment came"),
    WebhookEvent.REFUND_SUCCEEDED: N_("money was sent back"),
    WebhookEvent.CREDITS_CHANGED: N_("the shop gave or took credits"),
}
OFF: Final = {
    DisabledBecause.OWNER: N_("You have switched it off."),
    DisabledBecause.GONE: N_("Off: it answered that it is gone (410)."),
    DisabledBecause.FAILURES: N_("Off: nothing arrived there for days."),
}
STATUSES: Final = {
    DeliveryStatus.PENDING: N_("waits for its next try"),
    DeliveryStatus.DELIVERED: N_("arrived"),
    DeliveryStatus.FAILED: N_("given up"),
}
Chosen = Annotated[list[str] | None, Form()]


@router.get("")
async def show_webhooks(me: Me) -> Response:
    return await _list(me, chosen=[WebhookEvent.PREDICTION_SUCCEEDED, WebhookEvent.PREDICTION_FAILED])


@router.post("")
async def make_webhook(me: Me, url: Annotated[str, Form()] = "", events: Chosen = None) -> Response:
    """Its page shows the secret, which is told here and never again."""
    chosen = _events(events)
    if not chosen:
        return await _list(me, url=url, chosen=chosen, nothing_chosen=True)
    try:
        made, secret = await me.site.services.webhooks.create(me.user.id, url.strip(), chosen)
    except ShopError as error:
        return await _list(me, url=url, chosen=chosen, refused=error)
    return await _one(me, made, secret=secret)


@router.get("/{webhook_id:uuid}")
async def show_webhook(me: Me, webhook_id: UUID) -> Response:
    return await _one(me, await me.site.services.webhooks.get(webhook_id, user_id=me.user.id))


@router.post("/{webhook_id:uuid}")
async def change_webhook(me: Me, webhook_id: UUID, url: Annotated[str, Form()] = "", events: Chosen = None) -> Response:
    webhooks, chosen = me.site.services.webhooks, _events(events)
    known = await webhooks.get(webhook_id, user_id=me.user.id)
    if not chosen:
        return await _one(me, known, nothing_chosen=True)
    try:
        await webhooks.change(webhook_id, EndpointChange(url=url.strip(), events=chosen), user_id=me.user.id)
    except ShopError as error:
        return await _one(me, known, refused=error)
    return _to(webhook_id)


@router.post("/{webhook_id}/switch")
async def switch_webhook(me: Me, webhook_id: UUID, enabled: Annotated[str, Form()] = "") -> Response:
    """`enabled`: `true`, or anything else."""
    change = EndpointChange(enabled=enabled == "true")
    await me.site.services.webhooks.change(webhook_id, change, user_id=me.user.id)
    return _to(webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate_secret(me: Me, webhook_id: UUID) -> Response:
    changed, secret = await me.site.services.webhooks.rotate(webhook_id, user_id=me.user.id)
    return await _one(me, changed, secret=secret)


@router.post("/{webhook_id}/test")
async def send_test(me: Me, webhook_id: UUID) -> Response:
    await me.site.services.webhooks.test(webhook_id, user_id=me.user.id)
    return _to(webhook_id)


@router.post("/{webhook_id}/deliveries/{delivery_id}/resend")
async def send_again(me: Me, webhook_id: UUID, delivery_id: UUID) -> Response:
    await me.site.services.webhooks.resend(webhook_id, delivery_id, user_id=me.user.id)
    return _to(webhook_id)


@router.post("/{webhook_id}/delete")
async def delete_webhook(me: Me, webhook_id: UUID) -> Response:
    await me.site.services.webhooks.delete(webhook_id, user_id=me.user.id)
    return RedirectResponse("/webhooks", status_code=303)


async def _list(
    me: Customer,
    *,
    chosen: Collection[WebhookEvent],
    url: str = "",
    refused: ShopError | None = None,
    nothing_chosen: bool = False,
) -> Response:
    return page(
        me,
        "cabinet/webhooks.html",
        webhooks=await me.site.services.webhooks.all(me.user.id),
        url=url,
        chosen=chosen,
        **_words(me, refused, nothing_chosen=nothing_chosen),
    )


async def _one(
    me: Customer,
    webhook: EndpointView,
    *,
    secret: str = "",
    refused: ShopError | None = None,
    nothing_chosen: bool = False,
) -> Response:
    found = await me.site.services.webhooks.deliveries(webhook.id, None, SHOWN, user_id=me.user.id)
    return page(
        me,
        "cabinet/webhook.html",
        webhook=webhook,
        secret=secret,
        deliveries=found.items,
        **_words(me, refused, nothing_chosen=nothing_chosen),
    )


def _words(me: Customer, refused: ShopError | None, *, nothing_chosen: bool) -> dict[str, Any]:  # Any: as pages take it
    tr = me.tr
    return {
        "status": 422 if nothing_chosen else 200 if refused is None else refusal_of(refused).status,
        "problem": tr.error(refused) if refused is not None else "",
        "nothing_chosen": nothing_chosen,
        "events": [(each.value, tr.gettext(words)) for each, words in EVENTS.items()],
        "off": {reason: tr.gettext(words) for reason, words in OFF.items()},
        "statuses": {state: tr.gettext(words) for state, words in STATUSES.items()},
    }


def _events(sent: Collection[str] | None) -> set[WebhookEvent]:
    return {each for each in WebhookEvent if each in (sent or ())}


def _to(webhook_id: UUID) -> Response:
    return RedirectResponse(f"/webhooks/{webhook_id}", status_code=303)
