"""What endpoints of customers are told: once, in order, signed, for a day and some, and never a private address."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.webhooks import DeliveryStatus, WebhookEndpoint
from services.notifications import outbox
from services.notifications.kinds.admins import CreditsChanged
from services.webhooks.addresses import BadEndpoint
from services.webhooks.claims import OFF_AFTER, PAUSES, EndpointAnswer, claim_webhooks, settle_webhook
from services.webhooks.endpoint_rows import DisabledBecause, EndpointView
from services.webhooks.endpoints import EndpointChange, Webhooks
from services.webhooks.events import WebhookEvent
from services.webhooks.sender import WebhookSender
from tests.support.clock import FakeClock
from tests.support.hooks import Hooks, is_signed, open_hooks
from tests.support.ports import free_port
from tests.support.shop import add_user
from tests.support.waiting import until

EVENTS = {WebhookEvent.CREDITS_CHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDesk:
    db: Database
    clock: FakeClock
    hooks: Hooks
    webhooks: Webhooks
    user_id: int

    def sender(self, **changes: Any) -> WebhookSender:
        given: dict[str, Any] = {"loopback": True, "on_news": lambda: None, **changes}
        return WebhookSender(self.db, self.clock, **given)

    async def endpoint(self) -> EndpointView:
        return (await self.webhooks.create(self.user_id, self.hooks.url, EVENTS))[0]

    async def happens(self, amount: int = 100, nonce: str = "") -> None:
        news = CreditsChanged(amount=amount, balance=amount, reason="так надо", nonce=nonce or uuid4().hex)
        self.clock.now += timedelta(microseconds=1)
        await self.db.write(_told, news, self.user_id, self.clock())

    async def sends(self) -> None:
        """All that is due by now."""
        while await self.sender().send_due():
            pass

    async def log(self, endpoint: EndpointView) -> Any:
        return list(reversed((await self.webhooks.deliveries(endpoint.id, None, 100, user_id=self.user_id)).items))


def _told(session: Session, news: CreditsChanged, user_id: int, now: Any) -> None:
    outbox.put(session, news, user_id=user_id, now=now)


@pytest.fixture
async def desk(database: Database, clock: FakeClock) -> AsyncIterator[HookDesk]:
    async with open_hooks() as hooks:
        yield HookDesk(
            db=database,
            clock=clock,
            hooks=hooks,
            webhooks=Webhooks(database, clock, loopback=True),
            user_id=await database.write(add_user),
        )


async def test_what_happened_is_told_signed(desk: HookDesk) -> None:
    _, secret = await desk.webhooks.create(desk.user_id, desk.hooks.url, EVENTS)
    await desk.happens(100)
    await desk.sends()
    ((headers, body),) = desk.hooks.came
    assert is_signed(headers, body, secret)
    assert not is_signed(headers, body + b" ", secret)
    assert int(headers["webhook-timestamp"]) == int(desk.clock().timestamp())
    (event,) = desk.hooks.events()
    assert event["type"] == "credits.changed"
    assert event["data"] == {"amount": 100, "balance": 100, "reason": "так надо"}


async def test_a_fact_is_told_once_to_each(desk: HookDesk) -> None:
    first, second = await desk.endpoint(), await desk.endpoint()
    for _ in range(2):
        await desk.happens(nonce="one")
    await desk.sends()
    assert [len(await desk.log(each)) for each in (first, second)] == [1, 1]
    assert len(desk.hooks.came) == 2


async def test_other_people_and_other_events_are_not_told(desk: HookDesk) -> None:
    await desk.webhooks.create(desk.user_id, desk.hooks.url, {WebhookEvent.PAYMENT_SUCCEEDED})
    await desk.webhooks.create(await desk.db.write(add_user), desk.hooks.url, EVENTS)
    await desk.happens()
    await desk.sends()
    assert desk.hooks.came == []


async def test_in_vain_it_is_tried_for_three_days_with_one_id(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    desk.hooks.answers = [(500, {}, "сломано" * 1000)] * 10
    await desk.happens()
    for pause in (timedelta(), *PAUSES):
        desk.clock.now += pause
        before = len(desk.hooks.came)
        await desk.sends()
        assert len(desk.hooks.came) == before + 1
    (delivery,) = await desk.log(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DeliveryStatus.FAILED, 10, 500)
    assert len(delivery.last_answer.encode()) <= 2050
    assert len({headers["webhook-id"] for headers, _ in desk.hooks.came}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in desk.hooks.came}) == 10
    desk.clock.now += timedelta(days=9)
    await desk.sends()
    assert len(desk.hooks.came) == 10


async def test_it_waits_as_it_is_asked(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    desk.hooks.answers = [(503, {"retry-after": "120"}, "")]
    await desk.happens()
    await desk.sends()
    (delivery,) = await desk.log(endpoint)
    assert delivery.next_at == desk.clock() + timedelta(seconds=120)


async def test_nobody_is_followed_elsewhere(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    desk.hooks.answers = [(302, {"location": desk.hooks.url + "/elsewhere"}, "")]
    await desk.happens()
    await desk.sends()
    assert len(desk.hooks.came) == 1
    (delivery,) = await desk.log(endpoint)
    assert (delivery.status, delivery.last_status) == (DeliveryStatus.PENDING, 302)


async def test_one_that_is_gone_is_switched_off_and_its_owner_hears(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    desk.hooks.answers = [(410, {}, "")]
    await desk.happens()
    await desk.happens()
    await desk.sends()
    now = await desk.webhooks.get(endpoint.id, user_id=desk.user_id)
    assert now.disabled_because is DisabledBecause.GONE
    assert [each.status for each in await desk.log(endpoint)] == [DeliveryStatus.FAILED] * 2
    assert await notices(desk) == [{"endpoint_id": endpoint.id.hex, "url": endpoint.url, "gone": True}]
    await desk.happens()
    assert len(await desk.log(endpoint)) == 2
    await desk.webhooks.change(endpoint.id, EndpointChange(enabled=True), user_id=desk.user_id)
    await desk.happens()
    await desk.sends()
    assert (await desk.log(endpoint))[-1].status is DeliveryStatus.DELIVERED


async def test_days_of_failures_switch_it_off(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    desk.hooks.answers = [(500, {}, "")] * 1_000
    for _ in range(OFF_AFTER + 1):
        await desk.happens()
    for _ in range(100):
        desk.clock.now += timedelta(days=1)
        await desk.sends()
    now = await desk.webhooks.get(endpoint.id, user_id=desk.user_id)
    assert now.disabled_because is DisabledBecause.FAILURES
    assert {each.status for each in await desk.log(endpoint)} == {DeliveryStatus.FAILED}
    assert len(await notices(desk)) == 1


async def test_in_order_and_one_after_the_other(desk: HookDesk) -> None:
    await desk.endpoint()
    for number in range(5):
        await desk.happens(number + 1)
    assert await desk.sender().send_due() == 1
    await desk.sends()
    assert [event["data"]["amount"] for event in desk.hooks.events()] == [1, 2, 3, 4, 5]


async def test_one_that_fails_holds_the_others_up_for_two_tries(desk: HookDesk) -> None:
    await desk.endpoint()
    desk.hooks.answers = [(500, {}, "")] * 3
    await desk.happens(1)
    await desk.happens(2)
    await desk.sends()
    assert [event["data"]["amount"] for event in desk.hooks.events()] == [1]
    for pause in PAUSES[:2]:
        desk.clock.now += pause
        await desk.sends()
    assert [event["data"]["amount"] for event in desk.hooks.events()] == [1, 1, 1, 2]


async def test_two_processes_send_it_once(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.happens()
    desk.hooks.gate.clear()
    first = asyncio.get_running_loop().create_task(desk.sender().send_due())
    await until(desk.hooks.heard)
    assert await desk.sender().send_due() == 0
    desk.hooks.gate.set()
    assert await first == 1
    assert len(desk.hooks.came) == 1
    assert [each.status for each in await desk.log(endpoint)] == [DeliveryStatus.DELIVERED]


async def test_a_process_that_died_before_it_wrote_it_down(desk: HookDesk) -> None:
    """Another one sends it again, under the same id; what the dead one would say then is not heard."""
    endpoint = await desk.endpoint()
    await desk.happens()
    (claimed,) = await desk.db.write(claim_webhooks, 10, desk.clock())
    await desk.sends()
    assert desk.hooks.came == []
    desk.clock.now += timedelta(seconds=61)
    await desk.sends()
    assert [headers["webhook-id"] for headers, _ in desk.hooks.came] == [str(claimed.id)]
    late = EndpointAnswer(status=500, text="")
    assert await desk.db.write(settle_webhook, claimed, late, desk.clock()) is None
    assert [each.status for each in await desk.log(endpoint)] == [DeliveryStatus.DELIVERED]


async def test_an_old_secret_signs_for_a_day(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.webhooks.rotate(endpoint.id, user_id=desk.user_id)
    for wait in (timedelta(), timedelta(hours=25)):
        desk.clock.now += wait
        await desk.happens()
        await desk.sends()
    assert [len(headers["webhook-signature"].split()) for headers, _ in desk.hooks.came] == [2, 1]


async def test_what_is_chosen_no_more_stops_at_once(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.happens()
    only = EndpointChange(events={WebhookEvent.PAYMENT_SUCCEEDED})
    await desk.webhooks.change(endpoint.id, only, user_id=desk.user_id)
    await desk.happens()
    await desk.sends()
    assert desk.hooks.came == []


async def test_sent_again_it_is_the_same(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.happens()
    await desk.sends()
    (delivery,) = await desk.log(endpoint)
    await desk.webhooks.resend(endpoint.id, delivery.id, user_id=desk.user_id)
    await desk.sends()
    (first, one), (again, two) = desk.hooks.came
    assert (first["webhook-id"], one) == (again["webhook-id"], two)


PRIVATE = (
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://①②⑦.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00::1]/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://192.168.1.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://postgres/",
    "https://user:password@example.com/",
    "https://example.com:22/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://",
    "https://example.com/" + "x" * 2100,
)


@pytest.mark.parametrize("url", PRIVATE)
async def test_addresses_that_are_not_taken(url: str, sqlite_database: Database, clock: FakeClock) -> None:
    webhooks = Webhooks(sqlite_database, clock, loopback=False)
    user_id = await sqlite_database.write(add_user)
    with pytest.raises(BadEndpoint):
        await webhooks.create(user_id, url, EVENTS)


class Rebinding(AbstractResolver):
    """What a name leads to changes with each look."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses.pop(0)
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1"]
)
async def test_a_name_that_leads_inside_is_not_called(desk: HookDesk, address: str) -> None:
    """Where it leads is looked at when the connection is made: what it led to before means nothing."""
    endpoint = await desk.endpoint()
    port = desk.hooks.url.split(":")[2].split("/")[0]
    await desk.db.write(_lead, endpoint.id, "https://rebinding.example:8443/hooks")
    await desk.happens()
    resolver = Rebinding(address)
    assert await desk.sender(loopback=False, resolver=resolver).send_due() == 1
    assert (resolver.addresses, desk.hooks.came, bool(port)) == ([], [], True)
    (delivery,) = await desk.log(endpoint)
    assert (delivery.last_status, delivery.last_answer) == (None, "this address does not lead to the public internet")


@pytest.mark.parametrize("place", ["http://127.0.0.1:{port}/", "https://①②⑦.0.0.1:8443/", "https://2130706433/"])
async def test_what_was_written_down_before_is_not_called_either(desk: HookDesk, place: str) -> None:
    endpoint = await desk.endpoint()
    port = desk.hooks.url.split(":")[2].split("/")[0]
    await desk.db.write(_lead, endpoint.id, place.format(port=port))
    await desk.happens()
    assert await desk.sender(loopback=False).send_due() == 1
    assert desk.hooks.came == []
    (delivery,) = await desk.log(endpoint)
    assert (delivery.status, delivery.last_status) == (DeliveryStatus.PENDING, None)


async def test_a_day_of_silence(desk: HookDesk) -> None:
    """Nobody listens there: it is a failure as any other."""
    endpoint = await desk.endpoint()
    await desk.db.write(_lead, endpoint.id, f"http://127.0.0.1:{free_port()}/")
    await desk.happens()
    await desk.sends()
    (delivery,) = await desk.log(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status) == (DeliveryStatus.PENDING, 1, None)


async def test_old_deliveries_are_forgotten(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.happens()
    await desk.sends()
    desk.clock.now += timedelta(days=91)
    assert await desk.webhooks.forget_old() == 1
    assert await desk.log(endpoint) == []


async def test_endpoints_deleted_long_ago_are_forgotten(desk: HookDesk) -> None:
    endpoint = await desk.endpoint()
    await desk.happens()
    await desk.sends()
    await desk.webhooks.delete(endpoint.id, user_id=desk.user_id)
    kept = []
    for _ in range(2):
        await desk.webhooks.forget_old()
        kept.append(await desk.db.read(_endpoints_kept))
        desk.clock.now += timedelta(days=91)
    assert kept == [1, 0]


def _endpoints_kept(session: Session) -> int:
    return session.scalar(select(func.count(WebhookEndpoint.id))) or 0


def _lead(session: Session, endpoint_id: UUID, url: str) -> None:
    table = table_of(WebhookEndpoint)
    session.execute(update(table).where(table.c.id == endpoint_id).values(url=url))


async def notices(desk: HookDesk) -> list[dict[str, Any]]:
    table = table_of(OutboxMessage)
    query = select(table.c.payload).where(table.c.kind == OutboxKind.WEBHOOK_OFF)
    return await desk.db.read(lambda session: list(session.scalars(query)))
