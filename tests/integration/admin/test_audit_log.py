"""All that is done in admin screens is in the audit log: who, whom, what, before, after; in words of both languages."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from db.tables.currencies import Currency
from db.tables.identities import SessionKind
from db.tables.payments import StrayPayment
from db.tables.users import AuditAction, AuditEntry, Edge, Role
from i18n.audit_log import WORDS, entry_line
from i18n.translator import Catalogues
from services.audit_log.history import AuditLog
from services.bonuses import Bonuses, BonusTerms
from services.chats.statistics import AssistantReports
from services.coordination.memory import MemoryCoordination
from services.forecasts.listing import InstrumentList
from services.identity.second_factor import SecondFactors, code_at
from services.identity.sessions import Device, WebSessions
from services.identity.throttles import Throttles
from services.manifests.inputs import SeriesInput
from services.manifests.manifest import load_manifest
from services.models.offers import Models
from services.models.preset_manage import NewPreset, PresetManagement
from services.models.uploads.trials import TrialOrder, Trials
from services.money import rub
from services.notifications.message_ref import MessageRef
from services.payments.manage import PaymentManagement
from services.payments.packages import PackageOffer
from services.payments.pricing import PaymentsOff
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.refunds.begin import RefundRequest
from services.plans.manage import PlanManagement
from services.plans.plan_offer import PlanOffer
from services.users.actor import Actor
from services.users.manage import CreditChange
from services.users.roles import NotAllowed, Staff
from tests.integration.models.uploads.conftest import open_shop
from tests.support.files import files_of
from tests.support.forecasts import MOEX
from tests.support.risk_shop import mondays, risk_market
from tests.support.shop import add_model
from tests.support.stars import FakeStars
from tests.support.stars_till import open_stars_till
from tests.support.talk import open_talk
from tests.support.tills import MERCHANT, Cashier, open_cashier
from tests.support.uploads import linear
from tests.support.viewers import titles
from tests.unit.models.runs import STORE

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, STRANGER, AdminServices

OWNS, SOLD = ("upload.", "list."), ("rent", "SBER")
OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)


def cashier_of(services: AdminServices) -> Cashier:
    return open_cashier(services.db, services.clock, replace(MERCHANT, owners=(OWNER,)))


def asking(services: AdminServices, cashier: Cashier) -> PaymentManagement:
    return PaymentManagement(services.db, services.clock, Staff((OWNER,)), cashier.till.settlement)


def bonuses_of(services: AdminServices) -> Bonuses:
    terms = BonusTerms(amount=200, ttl=timedelta(days=7), zone=ZoneInfo("Europe/Moscow"), next_fire=lambda _: None)
    return Bonuses(services.db, services.clock, terms)


async def do_to_anna(services: AdminServices) -> None:
    gift = CreditChange(user_id=services.anna, amount=100, reason="because", nonce="n1")
    await services.users.change(gift, actor=Actor(ADMIN))
    await services.users.change(replace(gift, amount=-50, nonce="n2"), actor=Actor(ADMIN))
    await services.users.disable(services.anna, actor=Actor(ADMIN), reason="spam")
    await services.users.enable(services.anna, actor=Actor(ADMIN))
    await services.users.write_to(services.anna, "hello", nonce="n3", actor=Actor(ADMIN))


async def sign_anna_out(services: AdminServices) -> None:
    await WebSessions(services.db, services.clock).begin(services.anna, SessionKind.BROWSER, Device())
    assert await services.users.sign_out(services.anna, actor=Actor(ADMIN)) == 1
    assert await services.users.sign_out(services.anna, actor=Actor(ADMIN)) == 0


async def turn_annas_factor_off(services: AdminServices) -> None:
    sessions = WebSessions(services.db, services.clock)
    factors = SecondFactors(services.db, services.clock, Throttles(MemoryCoordination()), on_news=lambda: None)
    token = await sessions.begin(services.anna, SessionKind.BROWSER, Device())
    who = await sessions.find(token)
    assert who is not None
    await factors.begin(who)
    secret = (await factors.view(services.anna)).secret
    assert secret is not None
    await factors.confirm(who, code_at(secret, services.clock().timestamp()))
    await services.users.turn_off_factor(services.anna, actor=Actor(OWNER))


async def do_to_money(services: AdminServices) -> PaymentView:
    cashier = cashier_of(services)
    payment = await cashier.begins(services.anna)
    cashier.yookassa.pay(cashier.yookassa.by_our_id(payment.id).id)
    await asking(services, cashier).ask(payment.id, actor=Actor(ADMIN))
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=Actor(ADMIN), reason="half")
    await cashier.till.refunds.start(wish)
    return payment


async def do_to_goods(services: AdminServices) -> None:
    for slug in ("wine", "digit"):
        await services.db.write(add_model, slug=slug)
    await services.models.set_price("wine", 250, actor=Actor(ADMIN))
    await services.models.test("wine", actor=Actor(ADMIN))
    await services.models.test("wine", actor=Actor(ADMIN))
    await services.models.enable("wine", enabled=False, actor=Actor(ADMIN))
    await services.models.enable("wine", enabled=True, actor=Actor(ADMIN))
    await services.stop("wine")
    await services.models.try_again("wine", actor=Actor(ADMIN))
    await services.models.move("digit", places=1, actor=Actor(ADMIN))
    package = await services.packages.create(OFFER, actor=Actor(ADMIN))
    await services.packages.create(OFFER, actor=Actor(ADMIN))
    await services.packages.edit(package.id, replace(OFFER, price=rub(80000), valid_days=None), actor=Actor(ADMIN))
    await services.packages.enable(package.id, enabled=False, actor=Actor(ADMIN))
    await services.packages.enable(package.id, enabled=True, actor=Actor(ADMIN))
    await services.packages.move(package.id, places=1, actor=Actor(ADMIN))


async def do_to_styles(services: AdminServices) -> None:
    models = Models(services.db, services.clock, STORE)
    await models.read_again()
    styles = PresetManagement(
        services.db, services.clock, Staff((OWNER,)), models, files_of(services.db, services.clock)
    )
    new = NewPreset(model_slug="wine", title=OFFER.title, category=OFFER.title)
    first, second = [(await styles.create(new, actor=Actor(OWNER))).slug for _ in range(2)]
    await styles.set_sample(first, b"a picture", "image/jpeg", actor=Actor(OWNER))
    await styles.set_price(first, 100, actor=Actor(OWNER))
    await styles.enable(first, enabled=False, actor=Actor(OWNER))
    await styles.enable(first, enabled=True, actor=Actor(OWNER))
    await styles.move(first, places=1, actor=Actor(OWNER))
    await styles.delete(second, actor=Actor(OWNER))


async def do_to_plans(services: AdminServices) -> None:
    plans, owner = PlanManagement(services.db, services.clock, Staff((OWNER,))), Actor(OWNER)
    offer = PlanOffer(name="hundred", title=OFFER.title, prices={Currency.RUB: rub(90000)})
    plan = await plans.create(offer, actor=owner)
    await plans.create(replace(offer, name="other"), actor=owner)
    await plans.edit(plan.id, replace(offer, prices={Currency.RUB: rub(80000)}), actor=owner)
    await plans.offer_price(plan.id, actor=owner)
    await plans.enable(plan.id, enabled=False, actor=owner)
    await plans.enable(plan.id, enabled=True, actor=owner)
    await plans.move(plan.id, places=1, actor=owner)


async def do_to_strays(services: AdminServices) -> None:
    telegram = FakeStars(clock=services.clock)
    _, received, strays = open_stars_till(cashier_of(services), telegram, OWNER)
    await received.received(telegram.pays(CUSTOMER, "nothing of ours", 50))
    (stray,) = await services.rows(StrayPayment)
    await strays.send_back(stray.id, actor=Actor(OWNER))


async def do_to_assistants(services: AdminServices, store: Path) -> None:
    async with open_talk(services.db, services.clock, store) as talk:
        await talk.says(await talk.begins(services.anna))
        await talk.answer_all()
    reports = AssistantReports(services.db, services.clock, Staff((OWNER,)), journal_for=timedelta(days=30))
    (request,) = await reports.latest("sage", actor=Actor(OWNER))
    await reports.open(request.id, actor=Actor(OWNER))


async def do_to_uploads(services: AdminServices, folder: Path) -> None:
    """One that is sold, tried, compared with what follows and taken off; one that is thrown away."""
    shop, owner = open_shop(services.db, services.clock, folder, owners=(OWNER,)), Actor(OWNER)
    view = await shop.checked(linear(), actor=owner)
    for language in ("ru", "en"):
        await shop.uploads.set_title(view.id, language, f"Rent {language}", actor=owner)
    await shop.uploads.set_price(view.id, 350, actor=owner)
    await shop.uploads.publish(view.id, actor=owner)
    later = await shop.checked(linear(2.0), slug="rent", actor=owner)
    await shop.uploads.compare(later.id, actor=owner)
    trials = Trials(services.db, services.clock, Staff((OWNER,)), shop.shelf)
    await trials.ask(
        TrialOrder(
            version_id=later.id, inputs={}, request_key="once", shown_in=MessageRef(chat_id=OWNER, message_id=1)
        ),
        actor=owner,
    )
    await shop.uploads.discard(later.id, actor=owner)
    await shop.uploads.remove("rent", actor=owner)


async def do_to_the_list(services: AdminServices) -> None:
    risk = load_manifest(STORE / "investment-risk")
    prices = risk.inputs[0].model_copy(update={"live": (MOEX,)})
    assert isinstance(prices, SeriesInput)
    models = SimpleNamespace(manifests=[risk.model_copy(update={"slug": "wine", "inputs": (prices, *risk.inputs[1:])})])
    market, staff, owner = risk_market("SBER"), Staff((OWNER,)), Actor(OWNER)
    papers = InstrumentList(services.db, market, services.clock, staff, models, schedule=mondays())
    await papers.take_off((await papers.add("SBER", actor=owner)).id, actor=owner)


async def test_every_action_is_there_in_words(services: AdminServices, tmp_path: Path) -> None:
    payment = await do_to_money(services)
    await do_to_anna(services)
    await sign_anna_out(services)
    await turn_annas_factor_off(services)
    await do_to_goods(services)
    await do_to_styles(services)
    await do_to_plans(services)
    await do_to_strays(services)
    await do_to_assistants(services, tmp_path)
    await do_to_uploads(services, tmp_path / "uploads")
    await do_to_the_list(services)
    await bonuses_of(services).grant("2026-W47")
    page = await AuditLog(services.db).latest(0, 100)
    by_customers = {AuditAction.ACCOUNT_MERGE, AuditAction.ACCOUNT_DELETE}
    assert {entry.action for entry in page.items} == set(WORDS) - by_customers
    for language in ("ru", "en"):
        tr = Catalogues()[language]
        for entry in page.items:
            line = entry_line(entry, titles(tr))
            assert "None" not in line
            assert "\n" not in line
            assert entry.action not in line
    for row in await services.rows(AuditEntry):
        by_shop = row.action in {"bonus.week_granted", "upload.check"}
        by_owner = row.action.startswith(
            ("role.", "preset.", "chat.", "plan.", "stray.", "user.factor", "upload.", "list.")
        )
        assert row.actor_user_id == (None if by_shop else OWNER if by_owner else ADMIN)
        looked = row.action in {"chat.request_open", "user.factor_off"}
        assert row.after or looked or row.action in {"preset.delete", "list.remove"}
        new = row.action in {
            "user.write",
            "user.sign_out",
            "model.test",
            "package.create",
            "preset.create",
            "plan.create",
            "plan.offer",
            "bonus.week_granted",
            "list.add",
        }
        of_uploads = row.action.startswith("upload.") and row.action != "upload.change"
        assert row.before or looked or new or of_uploads
        assert row.before != row.after or row.action == "user.factor_off"
        if row.action.startswith(("credits.", "user.", "payment.")):
            assert row.target_user_id == services.anna
        elif row.action.startswith("preset."):
            assert row.subject.startswith("hundred-")
        elif not looked and not row.action.startswith("role."):
            assert row.subject in {
                "wine",
                "digit",
                "1",
                "2",
                "2026-W47",
                "hundred",
                "other",
                "charge-1",
                "rent",
                "SBER",
            }
    refund = next(entry for entry in page.items if entry.action == "payment.refund")
    assert (refund.subject, refund.before) == (str(payment.id), {"refunded": "0.00"})
    assert (refund.after["refunded"], refund.reason) == ("100.00", "half")
    asked = next(entry for entry in page.items if entry.action == "payment.ask")
    assert (asked.before, asked.after) == (
        {"status": "pending", "provider": "yookassa"},
        {"status": "succeeded"},
    )
    await services.audit()


async def test_asking_takes_a_role_and_a_till(services: AdminServices) -> None:
    cashier = cashier_of(services)
    payment = await cashier.begins(services.anna)
    before = await services.audit_log()
    for actor in (MODERATOR, CUSTOMER, STRANGER):
        with pytest.raises(NotAllowed):
            await asking(services, cashier).ask(payment.id, actor=Actor(actor))
    with pytest.raises(PaymentNotFound):
        await asking(services, cashier).ask(uuid4(), actor=Actor(ADMIN))
    with pytest.raises(PaymentsOff):
        await PaymentManagement(services.db, services.clock, Staff((OWNER,)), None).ask(payment.id, actor=Actor(ADMIN))
    assert await services.audit_log() == before


async def test_of_one_user(services: AdminServices) -> None:
    await do_to_anna(services)
    await services.admins.appoint(STRANGER, Role.MODERATOR, actor=Actor(OWNER))
    book = AuditLog(services.db)
    first, second = await book.of_user(services.anna, 0, 3), await book.of_user(services.anna, 9, 3)
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


async def test_where_somebody_acted(services: AdminServices) -> None:
    for edge in Edge:
        await services.users.disable(services.anna, actor=Actor(OWNER, edge))
        await services.users.enable(services.anna, actor=Actor(OWNER, edge))
    newest = await AuditLog(services.db).latest(0, 6)
    assert [entry.edge for entry in newest.items] == [each for edge in reversed(Edge) for each in (edge, edge)]
