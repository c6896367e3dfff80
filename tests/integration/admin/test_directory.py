"""The list of all users: each on one page, and the last page costs what the first does."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.users import User
from services.users.directory import ON_PAGE, UserFilter
from services.users.manage import UserManagement
from services.users.roles import Staff
from tests.support.clock import START, FakeClock
from tests.support.shop import add_user


def add_many(session: Session) -> list[int]:
    """In threes that were seen at the same moment."""
    ids = [add_user(session) for _ in range(2 * ON_PAGE + 20)]
    users = table_of(User)
    for place, user_id in enumerate(ids):
        seen = START - timedelta(minutes=place // 3)
        session.execute(update(users).where(users.c.id == user_id).values(last_seen_at=seen))
    return ids


async def test_everybody_is_on_one_page(database: Database, clock: FakeClock) -> None:
    ids = await database.write(add_many)
    users, found, after = UserManagement(database, clock, Staff(())), [], ""
    for _ in range(3):
        page = await users.page(UserFilter(), after)
        found += [user.id for user in page.items]
        after = page.more or ""
    assert after == ""
    assert sorted(found) == sorted(ids)
    assert len(page.items) == 20


async def test_pages_are_found_by_an_index(database: Database, clock: FakeClock) -> None:
    """Of whatever filter: no page sorts all users."""
    if not database.is_sqlite:
        pytest.skip("the plan of so few rows says nothing there")
    users = UserManagement(database, clock, Staff((7,)))
    asked: list[tuple[str, object]] = []

    def note(connection: Connection, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "FROM users" in statement and "LIMIT" in statement:
            asked.append((statement, parameters))

    await database.write(add_many)
    engine = database.sync_engine()
    after = (await users.page(UserFilter())).more or ""
    event.listen(type(engine), "before_cursor_execute", note)
    try:
        for wanted in (UserFilter(), UserFilter(closed=True), UserFilter(text="anna"), UserFilter(balance=1)):
            await users.page(wanted, after)
    finally:
        event.remove(type(engine), "before_cursor_execute", note)
    assert len(asked) == 4
    with engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
            said = " ".join(str(row[-1]) for row in plan)
            assert "ix_users_last_seen_at" in said
            assert "TEMP B-TREE" not in said
