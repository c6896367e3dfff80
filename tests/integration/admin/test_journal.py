"""Everything done in the back office is in the journal: who, whom, what, before, after; in words of both languages."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from db.tables.users import AuditEntry, Role
from handlers.admin.audit_log.screens import WORDS, entry_line
from i18n.translator import Catalogues
from services.audit_log.history import AuditLog
from services.bonuses import Bonuses, BonusTerms
from services.models.offers import Models
from services.models.preset_manage import NewPreset, PresetManagement
from services.money import rub
from services.payments.manage import PaymentManagement
from services.payments.packages import PackageOffer
from services.payments.pricing import PaymentsOff
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.refunds.begin import RefundRequest
from services.users.actor import Actor
from services.users.manage import CreditChange
from services.users.roles import NotAllowed, Staff
from tests.support.files import files_of
from tests.support.shop import add_model
from tests.support.tills import MERCHANT, Cashier, open_cashier
from tests.support.viewers import titles
from tests.unit.models.runs import STORE

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, STRANGER, Office

OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)


def till_of(office: Office) -> Cashier:
    return open_cashier(office.db, office.clock, replace(MERCHANT, owners=(OWNER,)))


def asking(office: Office, cashier: Cashier) -> PaymentManagement:
    return PaymentManagement(office.db, office.clock, Staff((OWNER,)), cashier.till.settlement)


def bonuses_of(office: Office) -> Bonuses:
    terms = BonusTerms(amount=200, ttl=timedelta(days=7), zone=ZoneInfo("Europe/Moscow"), next_fire=lambda _: None)
    return Bonuses(office.db, office.clock, terms)


async def do_to_anna(office: Office) -> None:
    gift = CreditChange(user_id=office.anna, amount=100, reason="because", nonce="n1")
    await office.users.change(gift, actor=Actor(ADMIN))
    await office.users.change(replace(gift, amount=-50, nonce="n2"), actor=Actor(ADMIN))
    await office.users.disable(office.anna, actor=Actor(ADMIN), reason="spam")
    await office.users.enable(office.anna, actor=Actor(ADMIN))
    await office.users.write_to(office.anna, "hello", nonce="n3", actor=Actor(ADMIN))


async def do_to_money(office: Office) -> PaymentView:
    cashier = till_of(office)
    payment = await cashier.begins(office.anna)
    cashier.yookassa.pay(cashier.yookassa.by_our_id(payment.id).id)
    await asking(office, cashier).ask(payment.id, actor=Actor(ADMIN))
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=Actor(ADMIN), reason="half")
    await cashier.till.refunds.start(wish)
    return payment


async def do_to_goods(office: Office) -> None:
    for slug in ("wine", "digit"):
        await office.db.write(add_model, slug=slug)
    await office.models.set_price("wine", 250, actor=Actor(ADMIN))
    await office.models.enable("wine", enabled=False, actor=Actor(ADMIN))
    await office.models.enable("wine", enabled=True, actor=Actor(ADMIN))
    await office.stop("wine")
    await office.models.try_again("wine", actor=Actor(ADMIN))
    await office.models.move("digit", places=1, actor=Actor(ADMIN))
    package = await office.packages.create(OFFER, actor=Actor(ADMIN))
    await office.packages.create(OFFER, actor=Actor(ADMIN))
    await office.packages.edit(package.id, replace(OFFER, price=rub(80000), valid_days=None), actor=Actor(ADMIN))
    await office.packages.enable(package.id, enabled=False, actor=Actor(ADMIN))
    await office.packages.enable(package.id, enabled=True, actor=Actor(ADMIN))
    await office.packages.move(package.id, places=1, actor=Actor(ADMIN))


async def do_to_styles(office: Office) -> None:
    models = Models(office.db, office.clock, STORE)
    await models.read_again()
    styles = PresetManagement(office.db, office.clock, Staff((OWNER,)), models, files_of(office.db, office.clock))
    new = NewPreset(model_slug="wine", title=OFFER.title, category=OFFER.title)
    first, second = [(await styles.create(new, actor=Actor(OWNER))).slug for _ in range(2)]
    await styles.set_sample(first, b"a picture", "image/jpeg", actor=Actor(OWNER))
    await styles.set_price(first, 100, actor=Actor(OWNER))
    await styles.enable(first, enabled=False, actor=Actor(OWNER))
    await styles.enable(first, enabled=True, actor=Actor(OWNER))
    await styles.move(first, places=1, actor=Actor(OWNER))
    await styles.delete(second, actor=Actor(OWNER))


async def test_every_action_is_there_in_words(office: Office) -> None:
    payment = await do_to_money(office)
    await do_to_anna(office)
    await do_to_goods(office)
    await do_to_styles(office)
    await bonuses_of(office).grant("2026-W47")
    page = await AuditLog(office.db).latest(0, 100)
    assert {entry.action for entry in page.items} == set(WORDS)
    for language in ("ru", "en"):
        tr = Catalogues()[language]
        for entry in page.items:
            line = entry_line(entry, titles(tr))
            assert "None" not in line
            assert "\n" not in line
            assert entry.action not in line
    for row in await office.rows(AuditEntry):
        by_shop = row.action == "bonus.week_granted"
        by_owner = row.action.startswith(("role.", "preset."))
        assert row.actor_user_id == (None if by_shop else OWNER if by_owner else ADMIN)
        assert row.after or row.action == "preset.delete"
        assert row.before or row.action in {"user.write", "package.create", "preset.create", "bonus.week_granted"}
        assert row.before != row.after
        if row.action.startswith(("credits.", "user.", "payment.")):
            assert row.target_user_id == office.anna
        elif row.action.startswith("preset."):
            assert row.subject.startswith("hundred-")
        elif not row.action.startswith("role."):
            assert row.subject in {"wine", "digit", "1", "2", "2026-W47"}
    refund = next(entry for entry in page.items if entry.action == "payment.refund")
    assert (refund.subject, refund.before) == (str(payment.id), {"refunded": "0.00"})
    assert (refund.after["refunded"], refund.reason) == ("100.00", "half")
    asked = next(entry for entry in page.items if entry.action == "payment.ask")
    assert (asked.before, asked.after) == ({"status": "pending"}, {"status": "succeeded"})
    await office.audit()


async def test_asking_takes_a_role_and_a_till(office: Office) -> None:
    cashier = till_of(office)
    payment = await cashier.begins(office.anna)
    before = await office.journal()
    for actor in (MODERATOR, CUSTOMER, STRANGER):
        with pytest.raises(NotAllowed):
            await asking(office, cashier).ask(payment.id, actor=Actor(actor))
    with pytest.raises(PaymentNotFound):
        await asking(office, cashier).ask(uuid4(), actor=Actor(ADMIN))
    with pytest.raises(PaymentsOff):
        await PaymentManagement(office.db, office.clock, Staff((OWNER,)), None).ask(payment.id, actor=Actor(ADMIN))
    assert await office.journal() == before


async def test_of_one_user(office: Office) -> None:
    await do_to_anna(office)
    await office.admins.appoint(STRANGER, Role.MODERATOR, actor=Actor(OWNER))
    book = AuditLog(office.db)
    first, second = await book.of_user(office.anna, 0, 3), await book.of_user(office.anna, 9, 3)
    assert [entry.action for entry in (*first.items, *second.items)] == [
        "user.write",
        "user.enable",
        "user.disable",
        "credits.take",
        "credits.grant",
    ]
    assert (first.page, first.pages, second.page) == (0, 2, 1)
    newest = (await book.latest(0, 1)).items[0]
    assert newest.target is not None
    assert (newest.target.telegram_id, newest.target.user_id) == (STRANGER, None)
    assert (await book.of_user(999)).items == []
