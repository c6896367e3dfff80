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

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, STRANGER, Office


def wish(office: Office, amount: int, *, nonce: str = "n1", reason: str = "because") -> CreditChange:
    return CreditChange(user_id=office.anna, amount=amount, reason=reason, nonce=nonce)


async def change_user(office: Office, user_id: int, **values: object) -> None:
    users = table_of(User)
    await office.db.write(
        lambda session: session.execute(update(users).where(users.c.id == user_id).values(values)) and None
    )


async def test_credits_given_and_taken(office: Office) -> None:
    assert await office.users.change(wish(office, 550), actor=Actor(ADMIN)) == 1550
    assert await office.users.change(wish(office, -1500, nonce="n2"), actor=Actor(OWNER)) == 50
    lines = await office.rows(Transaction)
    assert [(row.kind, row.amount, row.comment) for row in lines[1:]] == [
        ("grant", 550, "because"),
        ("take_back", -1500, "because"),
    ]
    entries = (await office.rows(AuditEntry))[-2:]
    assert [(row.action, row.actor_user_id, row.target_user_id, row.reason) for row in entries] == [
        ("credits.grant", ADMIN, office.anna, "because"),
        ("credits.take", OWNER, office.anna, "because"),
    ]
    assert entries[1].before == {"balance": 1550}
    assert entries[1].after == {"balance": 50, "amount": -1500}
    assert [row.payload["amount"] for row in await office.rows(OutboxMessage)] == [550, -1500]
    await office.audit()


async def test_a_decision_acts_once(office: Office) -> None:
    """Confirmed by ten taps at the same moment, and once more later."""
    decision = wish(office, 500)
    balances = await asyncio.gather(*(office.users.change(decision, actor=Actor(ADMIN)) for _ in range(10)))
    await office.users.change(wish(office, -300, nonce="n2"), actor=Actor(ADMIN))
    assert {*balances, await office.users.change(decision, actor=Actor(ADMIN))} == {1500}
    assert await office.balance() == 1200
    assert (await office.journal())[-2:] == ["credits.grant", "credits.take"]
    assert (await office.journal()).count("credits.grant") == 1
    assert len(await office.rows(OutboxMessage)) == 2
    await office.audit()


async def test_no_more_is_taken_than_there_is(office: Office) -> None:
    with pytest.raises(CannotTake) as refused:
        await office.users.change(wish(office, -1001), actor=Actor(ADMIN))
    assert refused.value.rest == 1000
    assert await office.balance() == 1000
    assert "credits.take" not in await office.journal()
    assert await office.users.change(wish(office, -1000), actor=Actor(ADMIN)) == 0
    await office.audit()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "zero \x00"])
async def test_a_reason_is_asked_for(office: Office, reason: str) -> None:
    with pytest.raises(BadReason):
        await office.users.change(wish(office, 100, reason=reason), actor=Actor(ADMIN))


OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=None)

Act = Callable[[Office, int], Awaitable[object]]
ACTS: dict[str, Act] = {
    "give": lambda office, actor: office.users.change(wish(office, 100), actor=Actor(actor)),
    "take": lambda office, actor: office.users.change(wish(office, -100), actor=Actor(actor)),
    "disable": lambda office, actor: office.users.disable(office.anna, actor=Actor(actor)),
    "enable": lambda office, actor: office.users.enable(office.anna, actor=Actor(actor)),
    "write": lambda office, actor: office.users.write_to(office.anna, "hello", nonce="n", actor=Actor(actor)),
    "price": lambda office, actor: office.models.set_price("wine", 1, actor=Actor(actor)),
    "switch": lambda office, actor: office.models.enable("wine", enabled=False, actor=Actor(actor)),
    "move": lambda office, actor: office.models.move("wine", places=1, actor=Actor(actor)),
    "package": lambda office, actor: office.packages.create(OFFER, actor=Actor(actor)),
    "package's price": lambda office, actor: office.packages.edit(1, OFFER, actor=Actor(actor)),
    "package's switch": lambda office, actor: office.packages.enable(1, enabled=False, actor=Actor(actor)),
    "package's place": lambda office, actor: office.packages.move(1, places=1, actor=Actor(actor)),
}


@pytest.mark.parametrize("name", ACTS)
async def test_moderators_and_strangers_only_look(office: Office, name: str) -> None:
    await office.db.write(add_model)
    before = await office.journal()
    for actor in (MODERATOR, CUSTOMER, STRANGER):
        with pytest.raises(NotAllowed):
            await ACTS[name](office, actor)
    assert await office.journal() == before
    assert await office.rows(OutboxMessage) == []


async def test_a_role_taken_away_counts_at_once(office: Office) -> None:
    await office.admins.appoint(ADMIN, None, actor=Actor(OWNER))
    with pytest.raises(NotAllowed):
        await office.users.change(wish(office, 100), actor=Actor(ADMIN))


async def test_disabled_and_enabled(office: Office) -> None:
    await office.users.disable(office.anna, actor=Actor(ADMIN), reason="spam")
    await office.users.disable(office.anna, actor=Actor(ADMIN))
    assert (await office.users.card(office.anna)).disabled_at == office.clock()
    await office.users.enable(office.anna, actor=Actor(ADMIN))
    assert not (await office.users.card(office.anna)).disabled
    entries = (await office.rows(AuditEntry))[-2:]
    assert [(row.action, row.reason) for row in entries] == [("user.disable", "spam"), ("user.enable", None)]


async def test_those_who_run_the_shop_are_not_disabled(office: Office) -> None:
    for number in (1, 2, 3):
        with pytest.raises(OneOfUs):
            await office.users.disable(number, actor=Actor(OWNER))


async def test_a_letter(office: Office) -> None:
    for _ in range(2):
        await office.users.write_to(office.anna, " Hello, <Anna>! ", nonce="n", actor=Actor(ADMIN))
    (letter,) = await office.rows(OutboxMessage)
    assert (letter.kind, letter.payload) == ("from_owner", {"text": "Hello, <Anna>!"})
    assert (await office.journal()).count("user.write") == 1
    for text in ("", " ", "x" * 3001, "\x00"):
        with pytest.raises(BadText):
            await office.users.write_to(office.anna, text, nonce="m", actor=Actor(ADMIN))


async def test_nobody_there(office: Office) -> None:
    nobody = CreditChange(user_id=999, amount=100, reason="x", nonce="n")
    for act in (
        office.users.card(999),
        office.users.change(nobody, actor=Actor(ADMIN)),
        office.users.disable(999, actor=Actor(ADMIN)),
        office.users.write_to(999, "hello", nonce="n", actor=Actor(ADMIN)),
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
async def test_finding(office: Office, text: str) -> None:
    await change_user(office, office.anna, username="Anna_K", first_name="Анна", email="Anna@example.com")
    for number in (1, 2, 3):
        await change_user(office, number, first_name="Олег")
    assert (await office.users.find(text)).id == office.anna


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
async def test_finding_a_name_in_any_case(office: Office, name: str, text: str) -> None:
    await change_user(office, office.anna, first_name=name, username=None)
    assert (await office.users.find(text)).id == office.anna


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
async def test_finding_nobody(office: Office, text: str) -> None:
    with pytest.raises(NobodyFound):
        await office.users.find(text)


async def test_several(office: Office) -> None:
    second = await office.db.write(add_user, telegram_id=77)
    await change_user(office, second, username="anna", last_seen_at=office.clock() + timedelta(days=1))
    await change_user(office, office.anna, username="ANNA")
    with pytest.raises(SeveralFound) as refused:
        await office.users.find("@anna")
    assert refused.value.params["ids"] == f"#{second}, #{office.anna}"
    assert [each.id for each in await office.users.search("@anna")] == [second, office.anna]


async def test_a_card(office: Office) -> None:
    await office.db.write(add_model)
    bought = await office.db.write(add_prediction, user_id=office.anna, price=0)
    paid = await office.db.write(add_payment, user_id=office.anna, amount=300)
    card = await office.users.card(office.anna)
    assert [line.id for line in card.predictions] == [bought]
    assert [payment.id for payment in card.payments] == [paid]
    assert (card.paid, card.spent, card.role) == ((rub(30000),), 0, None)
    assert (await office.users.card(2)).role is Role.ADMIN
