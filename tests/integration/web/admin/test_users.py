"""The panel's customers: who sees them, and what is done to them."""

import secrets
from datetime import datetime

import httpx
import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import AccountMerge, SessionKind
from db.tables.users import Edge, Role, User
from services.audit_log.history import AuditFilter
from services.identity.sessions import Device
from services.users.actor import Actor
from services.users.manage import CreditChange
from tests.integration.web.admin.conftest import EVIL, Office
from tests.support.forms import hidden_fields
from tests.support.web import browser

GIFT = {"way": "give", "amount": "2,50", "reason": "Спасибо"}
ROLES = (Role.OWNER, Role.ADMIN, Role.MODERATOR, None)


async def test_customers_have_no_panel(office: Office) -> None:
    async with browser(office.app, office.anna.id) as anna:
        for place in ("/admin", "/admin/users", f"/admin/users/{office.anna.id}", "/admin/health"):
            assert (await anna.get(place)).status_code == 404
    async with browser(office.app) as stranger:
        assert (await stranger.get("/admin")).headers["location"] == "/sign-in?next=%2Fadmin"


async def test_the_way_to_the_panel(office: Office) -> None:
    """Is shown to those who have one."""
    for role in ROLES:
        async with browser(office.app, office.of(role)) as desk:
            for place in ("/", "/profile"):
                assert ('href="/admin"' in (await desk.get(place)).text) is (role is not None)


async def test_credits_are_given_once_after_a_confirmation(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = f"/admin/users/{office.anna.id}/credits"
    assert (await at_desk.get(place)).status_code == 200
    question = await at_desk.post(place, data=GIFT)
    assert question.status_code == 200
    assert "10,00 → <b>12,50</b>" in question.text
    assert await office.balance() == 1000
    answer = hidden_fields(question.text)
    for _ in range(2):  # two taps
        assert (await at_desk.post(place, data=answer)).headers["location"].endswith("?done=given")
    assert await office.balance() == 1250
    entries = (await office.services.audit_log.found(AuditFilter(target=office.anna.id))).items
    assert [(entry.action, entry.edge) for entry in entries] == [("credits.grant", Edge.WEB)]


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_give(office: Office, role: Role | None) -> None:
    async with browser(office.app, office.of(role)) as desk:
        place = f"/admin/users/{office.anna.id}/credits"
        answer = await desk.post(place, data={**GIFT, "nonce": secrets.token_hex(6)})
    expected = {Role.OWNER: 303, Role.ADMIN: 303, Role.MODERATOR: 403, None: 404}
    assert answer.status_code == expected[role]
    assert await office.balance() == (1250 if answer.status_code == 303 else 1000)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", ["write", "disable", "enable", "sign-out"])
async def test_who_may_do_what(office: Office, role: Role | None, verb: str) -> None:
    async with browser(office.app, office.of(role)) as desk:
        posted = {"text": "Здравствуйте", "nonce": secrets.token_hex(6)}
        answer = await desk.post(f"/admin/users/{office.anna.id}/{verb}", data=posted)
    assert answer.status_code == {Role.OWNER: 303, Role.ADMIN: 303, Role.MODERATOR: 403, None: 404}[role]


async def test_what_was_typed_wrongly_stays(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = f"/admin/users/{office.anna.id}/credits"
    refused = await at_desk.post(place, data={"way": "take", "amount": "11", "reason": EVIL})
    assert refused.status_code == 422
    assert "10,00" in refused.text
    assert 'value="11"' in refused.text
    assert EVIL not in refused.text


async def test_credits_spent_meanwhile_are_not_taken(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = f"/admin/users/{office.anna.id}/credits"
    question = await at_desk.post(place, data={"way": "take", "amount": "10", "reason": "Ошибка"})
    spent = CreditChange(user_id=office.anna.id, amount=-400, reason="Потрачено", nonce=secrets.token_hex(6))
    await office.services.user_management.change(spent, actor=Actor(office.owner.id))
    stale = await at_desk.post(place, data=hidden_fields(question.text))
    assert stale.status_code == 422
    assert "6,00" in stale.text
    assert await office.balance() == 600


async def test_a_message_is_sent_once(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = f"/admin/users/{office.anna.id}/write"
    question = await at_desk.post(place, data={"text": f"Здравствуйте!\r\n{EVIL}"})
    assert EVIL not in question.text
    for _ in range(2):
        await at_desk.post(place, data=hidden_fields(question.text))
    entries = (await office.services.audit_log.found(AuditFilter(target=office.anna.id))).items
    assert [(entry.action, entry.after["text"]) for entry in entries] == [("user.write", f"Здравствуйте!\n{EVIL}")]


async def test_the_shop_is_closed_to_somebody_and_opened(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = f"/admin/users/{office.anna.id}"
    question = await at_desk.post(f"{place}/disable")
    assert question.status_code == 200
    assert not (await office.services.user_management.card(office.anna.id)).disabled
    await at_desk.post(f"{place}/disable", data=hidden_fields(question.text))
    assert (await office.services.user_management.card(office.anna.id)).disabled
    assert "Открыть" in (await at_desk.get(place)).text
    await at_desk.post(f"{place}/enable")
    assert not (await office.services.user_management.card(office.anna.id)).disabled


async def test_sessions_are_ended(office: Office, at_desk: httpx.AsyncClient) -> None:
    async with browser(office.app, office.anna.id) as anna:
        assert (await anna.get("/api/v1/me")).status_code == 200
        question = await at_desk.post(f"/admin/users/{office.anna.id}/sign-out")
        await at_desk.post(f"/admin/users/{office.anna.id}/sign-out", data=hidden_fields(question.text))
        assert (await anna.get("/api/v1/me")).status_code == 401


async def test_admins_do_not_sign_owners_out(office: Office) -> None:
    async with browser(office.app, office.admin.id) as desk, browser(office.app, office.owner.id) as owner:
        refused = await desk.post(f"/admin/users/{office.owner.id}/sign-out", data={"nonce": secrets.token_hex(6)})
        assert refused.status_code == 403
        assert (await owner.get("/admin")).status_code == 200


async def test_a_stale_session_may_look_and_not_act(office: Office) -> None:
    async with browser(office.app, office.owner.id) as desk:
        await office.grow_old()
        assert (await desk.get("/admin/users")).status_code == 200
        asked = await desk.get(f"/admin/users/{office.anna.id}/credits")
        assert asked.headers["location"].startswith("/sign-in/telegram?again=yes&next=%2Fadmin%2Fusers%2F")
        refused = await desk.post(
            f"/admin/users/{office.anna.id}/credits", data={**GIFT, "nonce": secrets.token_hex(6)}
        )
        assert refused.status_code == 403
    assert await office.balance() == 1000


@pytest.mark.parametrize("number", ["999999", "0", "-1", "anna", "9" * 40, "1%00"])
async def test_nobody_by_that_number(at_desk: httpx.AsyncClient, number: str) -> None:
    assert (await at_desk.get(f"/admin/users/{number}")).status_code == 404
    assert (await at_desk.post(f"/admin/users/{number}/enable")).status_code == 404


async def test_names_are_text(office: Office, at_desk: httpx.AsyncClient) -> None:
    gift = CreditChange(user_id=office.anna.id, amount=100, reason=EVIL, nonce=secrets.token_hex(6))
    await office.services.user_management.change(gift, actor=Actor(office.owner.id))
    device = Device(address="203.0.113.5", agent=EVIL)
    await office.services.web_sessions.begin(office.anna.id, SessionKind.BROWSER, device)
    for place in ("/admin/users", f"/admin/users/{office.anna.id}", f"/admin/users?q={EVIL}&balance={EVIL}"):
        shown = await at_desk.get(place)
        assert shown.status_code == 200
        assert EVIL not in shown.text
        assert "&lt;img src=x" in shown.text


async def test_moderators_see_no_addresses(office: Office) -> None:
    device = Device(address="203.0.113.5", agent="Opera Mini")
    await office.services.web_sessions.begin(office.anna.id, SessionKind.BROWSER, device)
    async with browser(office.app, office.moderator.id) as desk, browser(office.app, office.admin.id) as admin:
        shown = (await desk.get(f"/admin/users/{office.anna.id}")).text
        assert "203.0.113.5" not in shown
        assert "/credits" not in shown
        assert "203.0.113.5" in (await admin.get(f"/admin/users/{office.anna.id}")).text


async def test_devices_have_names(office: Office, at_desk: httpx.AsyncClient) -> None:
    chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36"
    device = Device(address="203.0.113.5", agent=chrome)
    await office.services.web_sessions.begin(office.anna.id, SessionKind.BROWSER, device)
    shown = (await at_desk.get(f"/admin/users/{office.anna.id}")).text
    assert "Chrome, Android, 203.0.113.5" in shown
    assert "Mozilla" not in shown


async def test_accounts_that_are_gone(own_office: Office, at_own_desk: httpx.AsyncClient) -> None:
    """They stand in the list as what they are, and nothing is done to them."""
    merged, deleted = own_office.moderator.id, own_office.anna.id
    await own_office.app.db.write(_gone, merged, own_office.admin.id, own_office.app.clock())
    await own_office.app.db.write(_gone, deleted, None, own_office.app.clock())

    async def found(query: str) -> set[int]:
        text = (await at_own_desk.get(f"/admin/users?{query}")).text
        return {user_id for user_id in (merged, deleted, own_office.admin.id) if f'/admin/users/{user_id}"' in text}

    assert await found("state=merged") == {merged}
    assert await found("state=deleted") == {deleted}
    assert await found("state=closed") == set()
    everybody = (await at_own_desk.get("/admin/users")).text
    assert f"в составе #{own_office.admin.id}" in everybody
    for user_id, said in ((merged, f'/admin/users/{own_office.admin.id}">'), (deleted, "Удалён владельцем")):
        card = (await at_own_desk.get(f"/admin/users/{user_id}")).text
        assert said in card
        assert "/credits" not in card


def _gone(session: Session, user_id: int, into: int | None, now: datetime) -> None:
    users, merges = table_of(User), table_of(AccountMerge)
    session.execute(update(users).where(users.c.id == user_id).values(deleted_at=now))
    if into is not None:
        session.execute(
            insert(merges), {"from_user_id": user_id, "into_user_id": into, "credits": 0, "created_at": now}
        )


async def test_the_list_is_searched_and_filtered(own_office: Office, at_own_desk: httpx.AsyncClient) -> None:
    async def found(query: str) -> set[int]:
        text = (await at_own_desk.get(f"/admin/users?{query}")).text
        everybody = (own_office.owner, own_office.admin, own_office.moderator, own_office.anna)
        return {each.id for each in everybody if f'/admin/users/{each.id}"' in text}

    everybody = {own_office.of(role) for role in ROLES}
    assert await found("") == await found("seen=1") == await found("balance=10") == everybody
    assert await found("q=ада") == await found("role=admin") == {own_office.admin.id}
    assert await found("q=%23" + str(own_office.anna.id)) == {own_office.anna.id}
    assert await found("role=owner") == {own_office.owner.id}
    assert await found("role=moderator") == {own_office.moderator.id}
    assert await found("balance=10.01") == await found("state=closed") == await found("q=никто") == set()
    assert await found("after=nonsense&role=nobody&seen=8") == everybody


async def test_two_languages(own_office: Office) -> None:
    await own_office.services.users.choose_language(own_office.owner.id, "en")
    async with browser(own_office.app, own_office.owner.id) as desk:
        for place in ("/admin?days=30", "/admin/users", f"/admin/users/{own_office.anna.id}", "/admin/health"):
            shown = await desk.get(place)
            assert shown.status_code == 200, shown.text
            assert "Customers" in shown.text
