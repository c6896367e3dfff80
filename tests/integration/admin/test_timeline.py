"""Everything that happened to one customer: each thing once, newest first, on both databases."""

from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import TransactionKind
from db.tables.identities import AccountMerge, SessionKind
from db.tables.payments import PaymentStatus
from services.audit_log.history import AuditFilter, AuditLog
from services.billing import ledger
from services.identity.sessions import Device, WebSessions
from services.payments.queries import PaymentFilter, PaymentQueries
from services.users.actor import Actor
from services.users.manage import CreditChange
from services.users.timeline import ON_PAGE, Happened
from tests.support.shop import add_model, add_payment, add_prediction

from .conftest import ADMIN, AdminServices


def add_merge(session: Session, services: AdminServices) -> None:
    row = {"from_user_id": 1, "into_user_id": services.anna, "credits": 500, "created_at": services.clock()}
    session.execute(insert(table_of(AccountMerge)), row)


async def live(services: AdminServices) -> None:
    db = services.db
    await db.write(add_model, slug="wine")
    await db.write(add_prediction, user_id=services.anna, price=100)
    await db.write(add_payment, user_id=services.anna, amount=100)
    await WebSessions(db, services.clock).begin(services.anna, SessionKind.BROWSER, Device(address="203.0.113.5"))
    gift = CreditChange(user_id=services.anna, amount=100, reason="because", nonce="n1")
    await services.users.change(gift, actor=Actor(ADMIN))
    await db.write(add_merge, services)


async def test_everything_is_told(services: AdminServices) -> None:
    await live(services)
    events = (await services.users.timeline(services.anna)).items
    assert {event.kind for event in events} == set(Happened) - {Happened.ANSWER, Happened.SCORING}
    operations = [event.credits for event in events if event.kind is Happened.OPERATION]
    assert sorted(each or 0 for each in operations) == [100, 1000]
    (merge,) = (event for event in events if event.kind is Happened.MERGE)
    assert (merge.note, merge.credits) == ("#1", 500)
    other = (await services.users.timeline(1)).items
    assert [(event.note, event.credits) for event in other] == [(f"#{services.anna}", -500)]


async def test_pages_leave_nothing_out(services: AdminServices) -> None:
    for number in range(3 * ON_PAGE):
        kind, now = TransactionKind.GRANT, services.clock()
        await services.db.write(
            ledger.grant, user_id=services.anna, amount=number + 1, kind=kind, key=f"k{number}", now=now
        )
        if number % 3 == 0:
            services.clock.advance(minutes=1)
    seen, before = [], ""
    while True:
        page = await services.users.timeline(services.anna, before)
        seen += [event.ref for event in page.items]
        if page.more is None:
            break
        before = page.more
    assert len(seen) == len(set(seen)) == 3 * ON_PAGE + 1


async def test_filters_on_both_databases(services: AdminServices) -> None:
    await live(services)
    now = services.clock()
    day, log, queries = timedelta(days=1), AuditLog(services.db), PaymentQueries(services.db)
    assert len((await log.found(AuditFilter(target=services.anna, since=now - day, until=now + day))).items) == 1
    assert (await log.found(AuditFilter(until=now - day))).items == []
    mine = PaymentFilter(user_id=services.anna, since=now - day, until=now + day)
    assert len((await queries.found(mine)).items) == 1
    assert (await queries.found(PaymentFilter(status=PaymentStatus.CANCELED, provider="nobody"))).items == []
