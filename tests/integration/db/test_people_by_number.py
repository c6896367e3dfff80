"""Revision 0009: who was named by a Telegram id is named by a number of the shop's own, and nobody is lost."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from db.connections import sync_url
from db.migrate import downgrade, upgrade
from tests.support.old_shop import load, reflected, rows

OWNER, OWNERS_NUMBER, FIRST_ADMIN = 900_000_001, 1, 920_000_016
NEVER_HERE, DEMO_OWNER = 555, 100
AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TOLD = ("admins", "audit_log", "refunds")


@pytest.fixture
def old_url(empty_url: str) -> str:
    """The old shop; besides, a role waits for somebody, and the demo's owner acted before the first visit."""
    load(empty_url)
    upgrade(empty_url, "0008")
    with create_engine(sync_url(empty_url), poolclass=NullPool).begin() as connection:
        tables = reflected(connection)
        role = {"telegram_id": NEVER_HERE, "role": "moderator", "granted_by": OWNER, "created_at": AT}
        connection.execute(insert(tables["admins"]), role)
        act = {"actor_telegram_id": DEMO_OWNER, "action": "package.create", "subject": "1", "created_at": AT}
        connection.execute(insert(tables["audit_log"]), act)
    return empty_url


def test_everybody_is_named_by_number(old_url: str) -> None:
    before = rows(old_url, *TOLD)
    upgrade(old_url)
    after = rows(old_url, "users", *TOLD)
    numbers = {row["telegram_id"]: row["id"] for row in after["users"]}
    roles = {row["user_id"]: row for row in after["admins"]}
    assert roles[numbers[FIRST_ADMIN]]["telegram_id"] is None
    assert {row["granted_by"] for row in after["admins"]} == {OWNERS_NUMBER}
    assert (roles[None]["telegram_id"], roles[None]["role"]) == (NEVER_HERE, "moderator")
    assert len(after["admins"]) == len(before["admins"])
    for name in ("audit_log", "refunds"):
        was = {row["id"]: row["actor_telegram_id"] for row in before[name]}
        assert {row["id"]: row["actor_user_id"] for row in after[name]} == {
            key: None if actor is None else numbers[actor] for key, actor in was.items()
        }
    assert NEVER_HERE not in numbers


def test_and_back(old_url: str) -> None:
    before = rows(old_url, *TOLD)
    upgrade(old_url)
    downgrade(old_url, "0008")
    assert rows(old_url, *TOLD) == before
    upgrade(old_url)


def test_back_is_refused_where_somebody_would_be_lost(old_url: str) -> None:
    upgrade(old_url)
    with create_engine(sync_url(old_url), poolclass=NullPool).begin() as connection:
        users = reflected(connection)["users"]
        person = {"first_name": "Vera", "language": "en", "language_chosen": False, "balance": 0, "bonus_muted": False}
        connection.execute(insert(users), person | {"created_at": AT, "last_seen_at": AT})
    with pytest.raises(IntegrityError):
        downgrade(old_url, "0008")
    assert "actor_user_id" in rows(old_url, "refunds")["refunds"][0]
