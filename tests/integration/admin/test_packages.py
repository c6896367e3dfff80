"""What admins change about packages is written down, and the order holds whoever moves them."""

import asyncio
from dataclasses import replace

import pytest

from db.tables.users import AuditEntry
from services.money import rub
from services.payments.packages import BadPackage, PackageGone, PackageOffer
from services.users.actor import Actor

from .conftest import ADMIN, OWNER, AdminServices

HUNDRED = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)


async def test_made_changed_taken_off(services: AdminServices) -> None:
    made = await services.packages.create(HUNDRED, actor=Actor(ADMIN))
    cheaper = replace(HUNDRED, price=rub(80000), valid_days=None)
    await services.packages.edit(made.id, cheaper, actor=Actor(OWNER))
    await services.packages.edit(made.id, cheaper, actor=Actor(OWNER))  # nothing new
    await services.packages.enable(made.id, enabled=False, actor=Actor(ADMIN))
    entries = [row for row in await services.rows(AuditEntry) if row.action.startswith("package.")]
    assert [(row.action, row.actor_user_id, row.before, row.after) for row in entries] == [
        ("package.create", ADMIN, None, stored(HUNDRED)),
        ("package.edit", OWNER, stored(HUNDRED), stored(cheaper)),
        ("package.disable", ADMIN, {"enabled": True}, {"enabled": False}),
    ]
    assert {row.subject for row in entries} == {str(made.id)}
    assert await services.packages.on_sale() == []


async def test_the_order(services: AdminServices) -> None:
    first, second, third = [(await services.packages.create(HUNDRED, actor=Actor(ADMIN))).id for _ in range(3)]
    moved = await services.packages.move(third, places=-1, actor=Actor(ADMIN))
    assert [each.id for each in moved] == [first, third, second]
    assert [each.id for each in await services.packages.move(first, places=-1, actor=Actor(ADMIN))] == [
        first,
        third,
        second,
    ]
    moves = [row for row in await services.rows(AuditEntry) if row.action == "package.move"]
    assert [(row.subject, row.before, row.after) for row in moves] == [(str(third), {"place": 3}, {"place": 2})]


async def test_moved_by_two_at_once(services: AdminServices) -> None:
    """No place is taken twice, and what is written down is what happened: undone in turn it leads back."""
    ids = [(await services.packages.create(HUNDRED, actor=Actor(ADMIN))).id for _ in range(4)]
    presses = [services.packages.move(each, places=way, actor=Actor(ADMIN)) for each in ids for way in (-1, 1, -2)]
    await asyncio.gather(*presses)
    order = [each.id for each in await services.packages.all()]
    assert sorted(order) == ids
    for row in reversed([row for row in await services.rows(AuditEntry) if row.action == "package.move"]):
        assert order[row.after["place"] - 1] == int(row.subject)
        order.insert(row.before["place"] - 1, order.pop(row.after["place"] - 1))
    assert order == ids


async def test_what_cannot_be_sold(services: AdminServices) -> None:
    made = await services.packages.create(HUNDRED, actor=Actor(ADMIN))
    wrong = {"title": {"ru": "Сто"}, "credits": 0, "price": rub(99), "valid_days": 3651}
    for name, value in wrong.items():
        with pytest.raises(BadPackage):
            await services.packages.edit(made.id, replace(HUNDRED, **{name: value}), actor=Actor(ADMIN))  # type: ignore[arg-type]  # a wrong one is the point
    for act in (
        services.packages.get(99),
        services.packages.edit(99, HUNDRED, actor=Actor(ADMIN)),
        services.packages.enable(99, enabled=True, actor=Actor(ADMIN)),
        services.packages.move(99, places=1, actor=Actor(ADMIN)),
    ):
        with pytest.raises(PackageGone):
            await act


async def test_two_admins_edit_different_parts_at_once(services: AdminServices) -> None:
    """Each saw the package as it was; neither edit is lost."""
    made = await services.packages.create(HUNDRED, actor=Actor(ADMIN))
    await services.packages.edit(made.id, replace(HUNDRED, price=rub(80000)), actor=Actor(OWNER), shown=HUNDRED)
    both = await services.packages.edit(made.id, replace(HUNDRED, valid_days=30), actor=Actor(ADMIN), shown=HUNDRED)
    assert (both.price, both.valid_days) == (rub(80000), 30)
    edits = [row for row in await services.rows(AuditEntry) if row.action == "package.edit"]
    assert [row.after for row in edits] == [{"price_kopecks": 80000}, {"valid_days": 30}]


async def test_two_admins_edit_both_names_at_once(services: AdminServices) -> None:
    made = await services.packages.create(HUNDRED, actor=Actor(ADMIN))
    russian, english = {**HUNDRED.title, "ru": "Сотня"}, {**HUNDRED.title, "en": "A hundred"}
    await services.packages.edit(made.id, replace(HUNDRED, title=russian), actor=Actor(OWNER), shown=HUNDRED)
    both = await services.packages.edit(made.id, replace(HUNDRED, title=english), actor=Actor(ADMIN), shown=HUNDRED)
    assert both.title == {"ru": "Сотня", "en": "A hundred"}


def stored(offer: PackageOffer) -> dict[str, object]:
    price = offer.price.minor
    return {"title": offer.title, "credits": offer.credits, "price_kopecks": price, "valid_days": offer.valid_days}
