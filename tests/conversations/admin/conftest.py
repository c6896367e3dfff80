"""A shop that takes money, its owner Ольга, an English-speaking admin and a moderator."""

from collections.abc import AsyncIterator, Sequence

import pytest_asyncio
from sqlalchemy import select

from db.base import AnyRow, table_of
from db.tables.users import AuditEntry, Role
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import OWNER_ID, Stage
from tests.support.databases import SqliteServer
from tests.support.stores import STORE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create(), models_dir=STORE) as stage,
    ):
        yield stage


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def olga(stage: Stage) -> Person:
    return await stage.person("Ольга", "ru", id=OWNER_ID)


@pytest_asyncio.fixture(loop_scope="session")
async def kate(stage: Stage) -> Person:
    """An admin."""
    kate = await stage.person("Kate", "en")
    await stage.app.services.admins.appoint(kate.id, Role.ADMIN, actor=await stage.actor())
    return kate


@pytest_asyncio.fixture(loop_scope="session")
async def max_(stage: Stage) -> Person:
    """A moderator."""
    person = await stage.person("Max", "en")
    await stage.app.services.admins.appoint(person.id, Role.MODERATOR, actor=await stage.actor())
    return person


@pytest_asyncio.fixture(loop_scope="session")
async def anna(stage: Stage) -> Person:
    """A customer who has been here: 10.00 credits."""
    return await visitor(stage, "Анна", "ru")


@pytest_asyncio.fixture(loop_scope="session")
async def john(stage: Stage) -> Person:
    return await visitor(stage, "John", "en")


async def visitor(stage: Stage, name: str, language: str) -> Person:
    person = await stage.person(name, language)
    await person.says("/start")
    await person.sees(name)
    return person


async def audit_log(stage: Stage, person: Person) -> Sequence[AnyRow]:
    """What was done to somebody."""
    audit = table_of(AuditEntry)
    query = select(audit).where(audit.c.target_user_id == await stage.user_id(person)).order_by(audit.c.id)
    return await stage.app.db.read(lambda session: session.execute(query).all())
