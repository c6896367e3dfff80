"""`/webhooks`: where you want to be told of what happens. Only a person who is signed in makes or changes them."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from db.tables.webhooks import DeliveryStatus
from services.webhooks.addresses import LONGEST, BadEndpoint
from services.webhooks.delivery_rows import DeliveryNotFound, DeliveryView
from services.webhooks.endpoint_rows import (
    DisabledBecause,
    EndpointNotFound,
    EndpointOff,
    EndpointView,
    TooManyEndpoints,
)
from services.webhooks.endpoints import EndpointChange
from services.webhooks.events import WebhookEvent
from web.api.callers import MayRead, Person
from web.api.changes import Change
from web.api.describing import refuses
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.routes import make_router
from web.api.texts import HTTPS

router = make_router("webhooks")
NOT_THERE: Final = refuses(EndpointNotFound)
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST,
        description="https, on the public internet, port 443 or 8443.",
        json_schema_extra=HTTPS,
    ),
]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]


class WebhookTarget(BaseModel):
    """An endpoint of yours."""

    id: UUID
    url: str
    events: list[WebhookEvent]
    enabled: bool
    disabled_because: DisabledBecause | None = Field(description="Who or what switched it off.")
    disabled_at: datetime | None
    old_secret_until: datetime | None = Field(description="So long the secret before this one signs, too.")
    created_at: datetime


class NewWebhookTarget(WebhookTarget):
    """With its secret, which is shown once."""

    secret: str = Field(description="Keep it now: what comes is signed with it.", examples=["whsec_MfKQ9r8G…"])


class WebhookTerms(BaseModel):
    """Where to, and what of."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://example.com/hooks/kassandra", "events": ["prediction.succeeded"]}]
        },
    )

    url: Url
    events: Events


class WebhookChange(Change):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": True}]})

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(default=None, strict=True)


class WebhookAttempt(BaseModel):
    """One event for one endpoint."""

    id: UUID = Field(description="The header `webhook-id`, the same in every try.")
    event: str = Field(examples=["prediction.succeeded"])
    payload: dict[str, Any] = Field(description="The body that was sent.")  # Any: JSON
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None = Field(description="Of the next try.")
    last_status: int | None = Field(description="Of HTTP; null where nobody answered.")
    last_answer: str | None = Field(description="Its first 2 KB, or why there was none.")
    created_at: datetime
    finished_at: datetime | None


@router.get("/webhooks", operation_id="listWebhooks", summary="Your webhooks")
async def list_webhooks(who: MayRead) -> Listed[WebhookTarget]:
    """All of them: there are never more than 10."""
    found = await who.site.services.webhooks.all(who.user.id)
    return listed([WebhookTarget(**_told(each)) for each in found], has_more=False, last=None)


@router.post(
    "/webhooks",
    operation_id="createWebhook",
    summary="Be told of what happens",
    status_code=201,
    responses=refuses(BadEndpoint, TooManyEndpoints),
)
async def create_webhook(who: Person, terms: WebhookTerms, response: Response) -> NewWebhookTarget:
    """Its secret is shown once, so an `Idempotency-Key` has no effect here: sent twice, this makes two."""
    response.headers["cache-control"] = "no-store"
    made, secret = await who.site.services.webhooks.create(who.user.id, terms.url, set(terms.events))
    return NewWebhookTarget(**_told(made), secret=secret)


@router.get("/webhooks/{webhook_id}", operation_id="getWebhook", summary="A webhook", responses=NOT_THERE)
async def get_webhook(who: MayRead, webhook_id: UUID) -> WebhookTarget:
    return WebhookTarget(**_told(await who.site.services.webhooks.get(webhook_id, user_id=who.user.id)))


@router.patch(
    "/webhooks/{webhook_id}",
    operation_id="changeWebhook",
    summary="Change a webhook, or switch it on or off",
    responses=refuses(EndpointNotFound, BadEndpoint),
)
async def change_webhook(who: Person, webhook_id: UUID, change: WebhookChange) -> WebhookTarget:
    """Of an event that is not chosen any more nothing is sent from now on, not even what waits."""
    wanted = EndpointChange(
        url=change.url, events=None if change.events is None else set(change.events), enabled=change.enabled
    )
    return WebhookTarget(**_told(await who.site.services.webhooks.change(webhook_id, wanted, user_id=who.user.id)))


@router.delete(
    "/webhooks/{webhook_id}",
    operation_id="deleteWebhook",
    summary="Be told no more",
    status_code=204,
    responses=NOT_THERE,
)
async def delete_webhook(who: Person, webhook_id: UUID) -> Response:
    await who.site.services.webhooks.delete(webhook_id, user_id=who.user.id)
    return Response(status_code=204)


@router.post(
    "/webhooks/{webhook_id}/secret",
    operation_id="rotateWebhookSecret",
    summary="Have a new secret",
    responses=NOT_THERE,
)
async def rotate_webhook_secret(who: Person, webhook_id: UUID, response: Response) -> NewWebhookTarget:
    """For a day what comes is signed with both, so nothing is lost while yours is changed."""
    response.headers["cache-control"] = "no-store"
    made, secret = await who.site.services.webhooks.rotate(webhook_id, user_id=who.user.id)
    return NewWebhookTarget(**_told(made), secret=secret)


@router.post(
    "/webhooks/{webhook_id}/test",
    operation_id="testWebhook",
    summary="Have a test event sent",
    status_code=202,
    responses=refuses(EndpointNotFound, EndpointOff),
)
async def test_webhook(who: Person, webhook_id: UUID) -> WebhookAttempt:
    """`webhook.test`, whatever events were chosen."""
    return _attempt(await who.site.services.webhooks.test(webhook_id, user_id=who.user.id))


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    operation_id="listWebhookDeliveries",
    summary="What was sent",
    responses=refuses(EndpointNotFound, DeliveryNotFound),
)
async def list_webhook_deliveries(
    who: MayRead,
    webhook_id: UUID,
    limit: Limit = 20,
    cursor: Cursor = None,
    status: Annotated[DeliveryStatus | None, Query(description="In one state alone.")] = None,
) -> Listed[WebhookAttempt]:
    """Of the last 90 days, the newest first."""
    found = await who.site.services.webhooks.deliveries(
        webhook_id, read_uuid(cursor), limit, user_id=who.user.id, status=status
    )
    last = found.items[-1].id if found.items else None
    return listed([_attempt(each) for each in found.items], has_more=found.has_more, last=last)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
    operation_id="resendWebhookDelivery",
    summary="Have it sent again",
    status_code=202,
    responses=refuses(EndpointNotFound, DeliveryNotFound, EndpointOff),
)
async def resend_webhook_delivery(who: Person, webhook_id: UUID, delivery_id: UUID) -> WebhookAttempt:
    """With the same `webhook-id`, and all its tries."""
    return _attempt(await who.site.services.webhooks.resend(webhook_id, delivery_id, user_id=who.user.id))


def _told(found: EndpointView) -> dict[str, Any]:  # Any: fields of `WebhookTarget`
    return {
        "id": found.id,
        "url": found.url,
        "events": list(found.events),
        "enabled": found.disabled_at is None,
        "disabled_because": found.disabled_because,
        "disabled_at": found.disabled_at,
        "old_secret_until": found.old_secret_until,
        "created_at": found.created_at,
    }


def _attempt(found: DeliveryView) -> WebhookAttempt:
    return WebhookAttempt(
        id=found.id,
        event=found.event,
        payload=found.payload,
        status=found.status,
        attempts=found.attempts,
        next_at=found.next_at,
        last_status=found.last_status,
        last_answer=found.last_answer,
        created_at=found.created_at,
        finished_at=found.finished_at,
    )
