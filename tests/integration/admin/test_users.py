"""What admins do to customers: once, within bounds, written down, and the ledger stays right."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from db.base import table_of
from db.tables.billing import Transaction
from db.tables.outbox import OutboxMessage
from db.tables.users import AuditEntry, Role, User
from services.billing.ledger import UnknownUser
from services.money import rub
from services.payments.packages import PackageOffer
from services.users.actor import Actor
from services.users.manage import BadReason, BadText, CannotTake, CreditChange, OneOfUs
from services.users.roles import NotAllowed
from services.users.search import NobodyFound, SeveralFound
from tests.support.shop import add_model, add_payment, add_prediction, add_user

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, STRANGER, AdminServices


def wish(services: AdminServices, amount: int, *, nonce: str = "n1", reason: str = "because") -> CreditChange:
    return CreditChange(user_id=services.anna, amount=amount, reason=reason, nonce=nonce)


async def change_user(services: AdminServices, user_id: int, **values: object) -> None:
    users = table_of(User)
    await services.db.write(
        lambda session: session.execute(update(users).where(users.c.id == user_id).values(values)) and None
    )


async def test_credits_given_and_taken(services: AdminServices) -> None:
    assert await services.users.change(wish(services, 550), actor=Actor(ADMIN)) == 1550
    assert await services.users.change(wish(services, -1500, nonce="n2"), actor=Actor(OWNER)) == 50
    lines = await services.rows(Transaction)
    assert [(row.kind, row.amount, row.comment) for row in lines[1:]] == [
        ("grant", 550, "because"),
        ("take_back", -1500, "because"),
    ]
    entries = (await services.rows(AuditEntry))[-2:]
    assert [(row.action, row.actor_user_id, row.target_user_id, row.reason) for row in entries] == [
        ("credits.grant", ADMIN, services.anna, "because"),
        ("credits.take", OWNER, services.anna, "because"),
    ]
    assert entries[1].before == {"balance": 1550}
    assert entries[1].after == {"balance": 50, "amount": -1500}
    assert [row.payload["amount"] for row in await services.rows(OutboxMessage)] == [550, -1500]
    await services.audit()


async def test_a_decision_acts_once(services: AdminServices) -> None:
    """Confirmed by ten taps at the same moment, and once more later."""
    decision = wish(services, 500)
    balances = await asyncio.gather(*(services.users.change(decision, actor=Actor(ADMIN)) for _ in range(10)))
    await services.users.change(wish(services, -300, nonce="n2"), actor=Actor(ADMIN))
    assert {*balances, await services.users.change(decision, actor=Actor(ADMIN))} == {1500}
    assert await services.balance() == 1200
    assert (await services.audit_log())[-2:] == ["credits.grant", "credits.take"]
    assert (await services.audit_log()).count("credits.grant") == 1
    assert len(await services.rows(OutboxMessage)) == 2
    await services.audit()


async def test_no_more_is_taken_than_there_is(services: AdminServices) -> None:
    with pytest.raises(CannotTake) as refused:
        await services.users.change(wish(services, -1001), actor=Actor(ADMIN))
    assert refused.value.rest == 1000
    assert await services.balance() == 1000
    assert "credits.take" not in await services.audit_log()
    assert await services.users.change(wish(services, -1000), actor=Actor(ADMIN)) == 0
    await services.audit()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "zero \x00"])
async def test_a_reason_is_asked_for(services: AdminServices, reason: str) -> None:
    with pytest.raises(BadReason):
        await services.users.change(wish(services, 100, reason=reason), actor=Actor(ADMIN))


OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=None)

Act = Callable[[AdminServices, int], Awaitable[object]]
ACTS: dict[str, Act] = {
    "give": lambda services, actor: services.users.change(wish(services, 100), actor=Actor(actor)),
    "take": lambda services, actor: services.users.change(wish(services, -100), actor=Actor(actor)),
    "disable": lambda services, actor: services.users.disable(services.anna, actor=Actor(actor)),
    "enable": lambda services, actor: services.users.enable(services.anna, actor=Actor(actor)),
    "write": lambda services, actor: services.users.write_to(services.anna, "hello", nonce="n", actor=Actor(actor)),
    "price": lambda services, actor: services.models.set_price("wine", 1, actor=Actor(actor)),
    "switch": lambda services, actor: services.models.enable("wine", enabled=False, actor=Actor(actor)),
    "move": lambda services, actor: services.models.move("wine", places=1, actor=Actor(actor)),
    "package": lambda services, actor: services.packages.create(OFFER, actor=Actor(actor)),
    "package's price": lambda services, actor: services.packages.edit(1, OFFER, actor=Actor(actor)),
    "package's switch": lambda services, actor: services.packages.enable(1, enabled=False, actor=Actor(actor)),
    "package's place": lambda services, actor: services.packages.move(1, places=1, actor=Actor(actor)),
}


@pytest.mark.parametrize("name", ACTS)
async def test_moderators_and_strangers_only_look(services: AdminServices, name: str) -> None:
    await services.db.write(add_model)
    before = await services.audit_log()
    for actor in (MODERATOR, CUSTOMER, STRANGER):
        with pytest.raises(NotAllowed):
            await ACTS[name](services, actor)
    assert await services.audit_log() == before
    assert await services.rows(OutboxMessage) == []


async def test_a_role_taken_away_counts_at_once(services: AdminServices) -> None:
    await services.admins.appoint(ADMIN, None, actor=Actor(OWNER))
    with pytest.raises(NotAllowed):
        await services.users.change(wish(services, 100), actor=Actor(ADMIN))


async def test_disabled_and_enabled(services: AdminServices) -> None:
    await services.users.disable(services.anna, actor=Actor(ADMIN), reason="spam")
    await services.users.disable(services.anna, actor=Actor(ADMIN))
    assert (await services.users.card(services.anna)).disabled_at == services.clock()
    await services.users.enable(services.anna, actor=Actor(ADMIN))
    assert not (await services.users.card(services.anna)).disabled
    entries = (await services.rows(AuditEntry))[-2:]
    assert [(row.action, row.reason) for row in entries] == [("user.disable", "spam"), ("user.enable", None)]


async def test_those_who_run_the_shop_are_not_disabled(services: AdminServices) -> None:
    for number in (1, 2, 3):
        with pytest.raises(OneOfUs):
            await services.users.disable(number, actor=Actor(OWNER))


async def test_a_letter(services: AdminServices) -> None:
    for _ in range(2):
        await services.users.write_to(services.anna, " Hello, <Anna>! ", nonce="n", actor=Actor(ADMIN))
    (letter,) = await services.rows(OutboxMessage)
    assert (letter.kind, letter.payload) == ("from_owner", {"text": "Hello, <Anna>!"})
    assert (await services.audit_log()).count("user.write") == 1
    for text in ("", " ", "x" * 3001, "\x00"):
        with pytest.raises(BadText):
            await services.users.write_to(services.anna, text, nonce="m", actor=Actor(ADMIN))


async def test_nobody_there(services: AdminServices) -> None:
    nobody = CreditChange(user_id=999, amount=100, reason="x", nonce="n")
    for act in (
        services.users.card(999),
        services.users.change(nobody, actor=Actor(ADMIN)),
        services.users.disable(999, actor=Actor(ADMIN)),
        services.users.write_to(999, "hello", nonce="n", actor=Actor(ADMIN)),
    ):
        with pytest.raises(UnknownUser):
            await act


@pytest.mark.parametrize(
    "text",
    [
        "#4",
        "4",
        "@Anna_K",
        "@anna_k",
        "anna@example.com",
        "Anna@Example.com",
        "анн",
        "Анна",
        "АННА",
        "nna_k",
        " #4 ",
        "#４",
        "٤",
    ],
)
async def test_finding(services: AdminServices, text: str) -> None:
    await change_user(services, services.anna, username="Anna_K", first_name="Анна", email="Anna@example.com")
    for number in (1, 2, 3):
        await change_user(services, number, first_name="Олег")
    assert (await services.users.find(text)).id == services.anna


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ИВАН", "иван"),
        ("иван", "ИВАН"),
        ("мАшА Иванова", "маша ива"),
        ("Ёлка", "елка"),
        ("Семен", "СЕМЁН"),
        ("Ґанна Їжак", "ґАННА їж"),
        ("ΣΟΦΙΑ", "σοφια"),
        ("İbrahim [*.+?^$]-\\", "BRAHIM [*.+?^$]-\\"),
    ],
)
async def test_finding_a_name_in_any_case(services: AdminServices, name: str, text: str) -> None:
    await change_user(services, services.anna, first_name=name, username=None)
    assert (await services.users.find(text)).id == services.anna


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "#0",
        "#999",
        "999",
        "@",
        "@nobody",
        "%",
        "_",
        "x@y",
        "\x00",
        "9" * 40,
        "#" + "9" * 40,
        "⁴",
        "'; --",
        ".",
        "[а-я]",
        "(",
        "\\",
    ],
)
async def test_finding_nobody(services: AdminServices, text: str) -> None:
    with pytest.raises(NobodyFound):
        await services.users.find(text)


async def test_several(services: AdminServices) -> None:
    second = await services.db.write(add_user, telegram_id=77)
    await change_user(services, second, username="anna", last_seen_at=services.clock() + timedelta(days=1))
    await change_user(services, services.anna, username="ANNA")
    with pytest.raises(SeveralFound) as refused:
        await services.users.find("@anna")
    assert refused.value.params["ids"] == f"#{second}, #{services.anna}"
    assert [each.id for each in await services.users.search("@anna")] == [second, services.anna]


async def test_a_card(services: AdminServices) -> None:
    await services.db.write(add_model)
    bought = await services.db.write(add_prediction, user_id=services.anna, price=0)
    paid = await services.db.write(add_payment, user_id=services.anna, amount=300)
    card = await services.users.card(services.anna)
    assert [line.id for line in card.predictions] == [bought]
    assert [payment.id for payment in card.payments] == [paid]
    assert (card.paid, card.spent, card.role) == ((rub(30000),), 0, None)
    assert (await services.users.card(2)).role is Role.ADMIN
