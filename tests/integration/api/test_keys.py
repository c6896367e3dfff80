"""Keys of programs: shown once, with rights, revoked; and what every caller meets at the door."""

from datetime import timedelta

from db.tables.identities import ApiScope
from services.identity.api_keys import PREFIX, ApiKeys, is_whole, with_checksum
from tests.integration.api.conftest import Callers, problem
from tests.support.clock import FakeClock

TERMS = {"title": "Мой сервер", "scopes": ["read"]}


async def test_a_key_is_made_used_and_revoked(callers: Callers) -> None:
    anna = await callers.customer()
    browser = await callers.person(anna)
    made = await browser.post("keys", json=TERMS | {"days": 30})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(PREFIX)
    assert is_whole(key)
    (listed,) = (await browser.get("keys")).json()["items"]
    assert (listed["title"], listed["last_four"], listed["scopes"]) == ("Мой сервер", key[-4:], ["read"])
    assert "key" not in listed
    stranger = await callers.person()
    shown = {"authorization": f"Bearer {key}"}
    assert (await stranger.get("me", headers=shown)).json()["id"] == anna.id
    assert (await browser.get("keys")).json()["items"][0]["last_used_at"] is not None
    assert (await browser.delete(f"keys/{listed['id']}")).status_code == 204
    problem(await stranger.get("me", headers=shown), 401, "invalid_api_key")
    assert (await browser.get("keys")).json() == {"items": [], "has_more": False, "next_cursor": None}


async def test_a_key_of_a_role_wants_a_second_factor(callers: Callers) -> None:
    anna, terms = await callers.customer(), TERMS | {"scopes": ["read", "admin"]}
    without = await callers.person(anna, second_factor=False)
    problem(await without.post("keys", json=terms), 403, "second_factor_wanted")
    assert (await (await callers.person(anna)).post("keys", json=terms)).status_code == 201


async def test_keys_make_no_keys(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    problem(await program.post("keys", json=TERMS), 403, "session_wanted")
    problem(await program.get("keys"), 403, "session_wanted")
    problem(await program.patch("me", json={"age": 30}), 403, "session_wanted")


async def test_a_key_may_do_only_what_it_is_for(callers: Callers) -> None:
    program = await callers.program(await callers.customer(), ApiScope.CHAT)
    for path in ("me", "me/balance", "me/transactions"):
        refused = problem(await program.get(path), 403, "scope_missing")
        assert "read" in refused["detail"]


async def test_nobodys_keys(callers: Callers) -> None:
    stranger = await callers.person()
    for key in ("ksd_", PREFIX + "x" * 38, with_checksum("0" * 32), "ksd_" + "я" * 34):
        problem(
            await stranger.get("me", headers=[(b"authorization", f"Bearer {key}".encode())]), 401, "invalid_api_key"
        )
    refused = await stranger.get("me")
    problem(refused, 401, "not_signed_in")
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_another_persons_key_is_not_there(callers: Callers) -> None:
    anna, boris = await callers.customer(), await callers.customer("Борис")
    made, _ = await callers.app.services.api_keys.create(anna.id, "hers", [ApiScope.READ])
    problem(await (await callers.person(boris)).delete(f"keys/{made.id}"), 404, "api_key_not_found")
    assert len(await callers.app.services.api_keys.all(anna.id)) == 1


async def test_a_key_ends_when_it_was_to(callers: Callers) -> None:
    anna = await callers.customer()
    begun, stranger = callers.app.clock(), await callers.person()
    for hours, status in ((23, 200), (24, 401)):
        earlier = FakeClock(begun - timedelta(hours=hours))
        _, key = await ApiKeys(callers.app.db, earlier).create(anna.id, "short", [ApiScope.READ], days=1)
        answer = await stranger.get("me", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == status
    problem(answer, 401, "invalid_api_key")


async def test_not_more_keys_than_anybody_needs(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    made = [await browser.post("keys", json=TERMS) for _ in range(20)]
    assert {each.status_code for each in made} == {201}
    problem(await browser.post("keys", json=TERMS), 409, "too_many_api_keys")


async def test_a_key_is_shown_once(callers: Callers) -> None:
    """Not even its own request sent again shows it: nothing that was answered is kept."""
    browser = await callers.person(await callers.customer())
    first, again = [await browser.post("keys", json=TERMS, headers={"idempotency-key": "a"}) for _ in range(2)]
    assert first.json()["key"] != again.json()["key"]
    assert "idempotent-replayed" not in again.headers
