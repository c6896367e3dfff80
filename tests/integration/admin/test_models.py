"""What admins change about models wins over the manifests, and is written down."""

import asyncio

import pytest

from db.tables.users import AuditEntry
from services.models.manage import ModelNotFound
from services.users.actor import Actor
from tests.support.shop import add_model

from .conftest import ADMIN, AdminServices


async def test_a_price(services: AdminServices) -> None:
    await services.db.write(add_model, price=100)
    changed = await services.models.set_price("wine", 250, actor=Actor(ADMIN))
    assert (changed.price, changed.manifest_price, changed.changed_price) == (250, 100, True)
    await services.models.set_price("wine", 250, actor=Actor(ADMIN))  # nothing new
    assert (await services.models.set_price("wine", 0, actor=Actor(ADMIN))).price == 0
    assert (await services.models.set_price("wine", None, actor=Actor(ADMIN))).price == 100
    entries = [row for row in await services.rows(AuditEntry) if row.action == "model.price"]
    assert [(row.before, row.after) for row in entries] == [
        ({"admin_price": None}, {"admin_price": 250}),
        ({"admin_price": 250}, {"admin_price": 0}),
        ({"admin_price": 0}, {"admin_price": None}),
    ]
    assert {row.subject for row in entries} == {"wine"}


async def test_off_and_on(services: AdminServices) -> None:
    await services.db.write(add_model)
    assert not (await services.models.enable("wine", enabled=False, actor=Actor(ADMIN))).enabled
    assert (await services.models.enable("wine", enabled=True, actor=Actor(ADMIN))).enabled
    assert (await services.audit_log())[-2:] == ["model.disable", "model.enable"]


async def test_order(services: AdminServices) -> None:
    for slug in ("a", "b", "c"):
        await services.db.write(add_model, slug=slug)
    assert [each.slug for each in await services.models.move("c", places=-1, actor=Actor(ADMIN))] == ["a", "c", "b"]
    assert [each.slug for each in await services.models.move("a", places=-1, actor=Actor(ADMIN))] == ["a", "c", "b"]
    assert [each.slug for each in await services.models.move("a", places=9, actor=Actor(ADMIN))] == ["c", "b", "a"]
    assert [each.slug for each in await services.models.all()] == ["c", "b", "a"]
    moves = [row for row in await services.rows(AuditEntry) if row.action == "model.move"]
    assert [(row.subject, row.before, row.after) for row in moves] == [
        ("c", {"place": 3}, {"place": 2}),
        ("a", {"place": 1}, {"place": 3}),
    ]


async def test_moved_by_two_at_once(services: AdminServices) -> None:
    """What is written down is what happened: undone in turn it leads back."""
    slugs = ["a", "b", "c", "d"]
    for slug in slugs:
        await services.db.write(add_model, slug=slug)
    await asyncio.gather(
        *(services.models.move(each, places=way, actor=Actor(ADMIN)) for each in slugs for way in (-1, 1, -2))
    )
    order = [each.slug for each in await services.models.all()]
    for row in reversed([row for row in await services.rows(AuditEntry) if row.action == "model.move"]):
        assert order[row.after["place"] - 1] == row.subject
        order.insert(row.before["place"] - 1, order.pop(row.after["place"] - 1))
    assert order == slugs


async def test_no_such_model(services: AdminServices) -> None:
    for act in (
        services.models.get("none"),
        services.models.set_price("none", 1, actor=Actor(ADMIN)),
        services.models.enable("none", enabled=True, actor=Actor(ADMIN)),
        services.models.move("none", places=1, actor=Actor(ADMIN)),
    ):
        with pytest.raises(ModelNotFound):
            await act
