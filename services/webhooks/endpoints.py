"""Endpoints of customers: where they want to be told of what happens, and what was told there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from db.engine import Database
from db.tables.webhooks import DeliveryStatus
from services.clock import Clock
from services.slices import Slice
from services.webhooks import delivery_rows, endpoint_rows
from services.webhooks.addresses import check_url
from services.webhooks.delivery_rows import DeliveryView
from services.webhooks.endpoint_rows import DisabledBecause, EndpointView
from services.webhooks.events import WebhookEvent
from services.webhooks.signatures import new_secret

KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """What is None stays."""

    url: str | None = None
    events: Collection[WebhookEvent] | None = None
    enabled: bool | None = None


class Webhooks:
    """Of another user's there is none: `EndpointNotFound`. `loopback`: this machine's addresses may be named, which is
    for shops in the sandbox."""

    def __init__(self, db: Database, clock: Clock, *, loopback: bool) -> None:
        self._db, self._clock, self._loopback = db, clock, loopback

    async def all(self, user_id: int) -> list[EndpointView]:
        return await self._db.read(endpoint_rows.all_of, user_id)

    async def get(self, endpoint_id: UUID, *, user_id: int) -> EndpointView:
        return await self._db.read(endpoint_rows.get, endpoint_id, user_id)

    async def create(self, user_id: int, url: str, events: Collection[WebhookEvent]) -> tuple[EndpointView, str]:
        """With its secret, which is told once. Raises `BadEndpoint`, `TooManyEndpoints`."""
        url, secret = check_url(url, loopback=self._loopback), new_secret()
        return await self._db.write(endpoint_rows.create, user_id, url, events, secret, now=self._clock()), secret

    async def change(self, endpoint_id: UUID, change: EndpointChange, *, user_id: int) -> EndpointView:
        """Of an event that is wanted no more nothing is sent from now on, nor anything to one that is switched off.
        Raises `BadEndpoint`."""
        values: dict[str, Any] = {}  # Any: the columns' values
        now = self._clock()
        if change.url is not None:
            values["url"] = check_url(change.url, loopback=self._loopback)
        if change.events is not None:
            values["events"] = {"events": sorted(change.events)}
        if change.enabled is True:
            values |= {"disabled_at": None, "disabled_because": None, "failures": 0}
        if change.enabled is False:
            values |= {"disabled_at": now, "disabled_because": DisabledBecause.OWNER}
        return await self._db.write(endpoint_rows.change, endpoint_id, user_id, values, now)

    async def rotate(self, endpoint_id: UUID, *, user_id: int) -> tuple[EndpointView, str]:
        """A new secret; the old one signs too for a day."""
        secret = new_secret()
        return await self._db.write(endpoint_rows.rotate, endpoint_id, user_id, secret, self._clock()), secret

    async def delete(self, endpoint_id: UUID, *, user_id: int) -> None:
        await self._db.write(endpoint_rows.delete_endpoint, endpoint_id, user_id, self._clock())

    async def deliveries(
        self,
        endpoint_id: UUID,
        last: UUID | None,
        limit: int,
        *,
        user_id: int,
        status: DeliveryStatus | None = None,
    ) -> Slice[DeliveryView]:
        """The newest, or those older than `last`. Raises `DeliveryNotFound`."""
        return await self._db.read(delivery_rows.after, endpoint_id, user_id, last, limit, status=status)

    async def resend(self, endpoint_id: UUID, delivery_id: UUID, *, user_id: int) -> DeliveryView:
        """The same once more, at once, with all its tries. Raises `DeliveryNotFound`, `EndpointOff`."""
        return await self._db.write(delivery_rows.resend, endpoint_id, delivery_id, user_id, self._clock())

    async def test(self, endpoint_id: UUID, *, user_id: int) -> DeliveryView:
        """An event that means nothing. Raises `EndpointOff`."""
        return await self._db.write(delivery_rows.send_test, endpoint_id, user_id, self._clock())

    async def forget_old(self) -> int:
        """Deliveries that ended long ago, and endpoints deleted as long ago; how many deliveries there were."""
        return await self._db.write(delivery_rows.forget, self._clock() - KEPT)
