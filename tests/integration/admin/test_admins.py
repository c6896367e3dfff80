"""Roles: who gives them, who may do what, and that every change is written down."""

import pytest

from db.tables.users import AuditEntry, Role
from services.users.actor import Actor
from services.users.roles import NotAllowed, OwnersAreSettled, OwnRole

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, STRANGER, AdminServices


async def test_roles(services: AdminServices) -> None:
    people = (OWNER, ADMIN, MODERATOR, CUSTOMER, STRANGER)
    roles = [await services.admins.role_of(each) for each in people]
    assert roles == [Role.OWNER, Role.ADMIN, Role.MODERATOR, None, None]
    listed = [(each.telegram_id, each.role, each.granted_by) for each in await services.admins.all()]
    assert listed == [
        (OWNER, Role.OWNER, None),
        (ADMIN, Role.ADMIN, OWNER),
        (MODERATOR, Role.MODERATOR, OWNER),
    ]


async def test_a_role_is_changed_and_taken_away(services: AdminServices) -> None:
    assert await services.admins.appoint(MODERATOR, Role.ADMIN, actor=Actor(OWNER)) is Role.MODERATOR
    assert await services.admins.appoint(MODERATOR, None, actor=Actor(OWNER)) is Role.ADMIN
    assert await services.admins.role_of(MODERATOR) is None
    assert await services.admins.appoint(MODERATOR, None, actor=Actor(OWNER)) is None
    last = (await services.rows(AuditEntry))[-2:]
    assert [(row.before, row.after) for row in last] == [
        ({"role": "moderator"}, {"role": "admin"}),
        ({"role": "admin"}, {"role": None}),
    ]
    assert [(row.actor_user_id, row.subject, row.target_user_id) for row in last] == [(OWNER, "3", 3)] * 2


async def test_somebody_who_was_never_here_can_be_appointed(services: AdminServices) -> None:
    await services.admins.appoint(STRANGER, Role.MODERATOR, actor=Actor(OWNER))
    newest = (await services.admins.all())[-1]
    assert (newest.telegram_id, newest.user_id, newest.first_name) == (STRANGER, None, "")


@pytest.mark.parametrize("actor", [ADMIN, MODERATOR, CUSTOMER, STRANGER])
async def test_only_owners_appoint(services: AdminServices, actor: int) -> None:
    before = await services.audit_log()
    for target in (CUSTOMER, actor, OWNER):
        with pytest.raises(NotAllowed):
            await services.admins.appoint(target, Role.ADMIN, actor=Actor(actor))
    assert await services.audit_log() == before


async def test_nobody_changes_a_role_of_their_own(services: AdminServices) -> None:
    for role in (Role.ADMIN, None):
        with pytest.raises(OwnRole):
            await services.admins.appoint(OWNER, role, actor=Actor(OWNER))


async def test_owners_are_made_in_the_settings(services: AdminServices) -> None:
    with pytest.raises(OwnersAreSettled):
        await services.admins.appoint(ADMIN, Role.OWNER, actor=Actor(OWNER))
    assert await services.admins.role_of(ADMIN) is Role.ADMIN
