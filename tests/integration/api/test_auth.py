"""Accounts by e-mail, as a program on a telephone makes and uses them."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.integration.api.conftest import Callers, problem
from tests.support.letters import LETTERS_ON, kinds_to, last_link

VERA, PASSWORD = "vera@example.com", "fourteen green boats"


@pytest_asyncio.fixture(loop_scope="module")
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    async with App(shop_settings(sandbox, sqlite_url, **LETTERS_ON)).running() as app:
        yield app


async def token_to(app: App, address: str = VERA) -> str:
    return (await last_link(app, address)).partition("token=")[2]


async def signs_up(app: App, client: httpx.AsyncClient, address: str = VERA) -> dict[str, str]:
    assert (await client.post("auth/sign-up", json={"email": address})).status_code == 202
    account = {"token": await token_to(app, address), "password": PASSWORD, "name": "Вера"}
    made = await client.post("auth/confirm", json=account)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    return dict(made.json())


def bearer(admission: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {admission['token']}"}


async def test_from_sign_up_to_sign_out(callers: Callers) -> None:
    phone = await callers.person()
    first = bearer(await signs_up(callers.app, phone))
    me = (await phone.get("me", headers=first)).json()
    assert (me["name"], me["email"], me["balance"]) == ("Вера", VERA, 1000)
    signed_in = await phone.post("auth/sign-in", json={"email": VERA, "password": PASSWORD})
    second = bearer(signed_in.json())
    [here, there] = (await phone.get("auth/sessions", headers=second)).json()["items"]
    assert {here["kind"], there["kind"]} == {"api"}
    assert sorted((here["current"], there["current"])) == [False, True]
    assert (await phone.post("auth/sign-out", headers=second)).status_code == 204
    problem(await phone.get("me", headers=second), 401, "not_signed_in")
    assert (await phone.get("me", headers=first)).status_code == 200


async def test_sessions_are_ended(callers: Callers) -> None:
    phone = await callers.person()
    first = bearer(await signs_up(callers.app, phone))
    others = [
        bearer((await phone.post("auth/sign-in", json={"email": VERA, "password": PASSWORD})).json()) for _ in range(2)
    ]
    listed = (await phone.get("auth/sessions", headers=first)).json()["items"]
    one = next(each["id"] for each in listed if not each["current"])
    stranger = await callers.person(await callers.customer())
    problem(await stranger.delete(f"auth/sessions/{one}"), 404, "session_not_found")
    assert (await phone.delete(f"auth/sessions/{one}", headers=first)).status_code == 204
    problem(await phone.delete(f"auth/sessions/{one}", headers=first), 404, "session_not_found")
    assert (await phone.delete("auth/sessions", headers=first)).status_code == 204
    for each in others:
        problem(await phone.get("me", headers=each), 401, "not_signed_in")
    assert len((await phone.get("auth/sessions", headers=first)).json()["items"]) == 1


async def test_a_new_password_by_letter(callers: Callers) -> None:
    phone = await callers.person()
    before = bearer(await signs_up(callers.app, phone))
    known = await phone.post("auth/reset", json={"email": VERA})
    unknown = await phone.post("auth/reset", json={"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    new = {"token": await token_to(callers.app), "password": "a new long one"}
    after = await phone.post("auth/reset/confirm", json=new)
    assert after.status_code == 200
    problem(await phone.get("me", headers=before), 401, "not_signed_in")
    assert (await phone.get("me", headers=bearer(after.json()))).status_code == 200
    problem(await phone.post("auth/reset/confirm", json=new), 410, "link_not_valid")


async def test_refusals_by_code(callers: Callers) -> None:
    phone = await callers.person()
    await signs_up(callers.app, phone)
    problem(await phone.post("auth/sign-up", json={"email": VERA}), 429, "letter_just_sent")
    problem(await phone.post("auth/sign-up", json={"email": "аdmin@example.com"}), 422, "invalid_email")
    for email in (VERA, "nobody@example.com", "no address"):
        wrong = await phone.post("auth/sign-in", json={"email": email, "password": "a guess 🦊"})
        problem(wrong, 401, "wrong_password")
        assert "guess" not in wrong.text
    problem(await phone.post("auth/confirm", json={"token": "x", "password": PASSWORD}), 410, "link_not_valid")
    await phone.post("auth/sign-up", json={"email": "new@example.com"})
    token = await token_to(callers.app, "new@example.com")
    for password, code in (("short", "password_too_short"), ("password1", "password_too_common")):
        problem(await phone.post("auth/confirm", json={"token": token, "password": password}), 422, code)
    too_long = await phone.post("auth/confirm", json={"token": token, "password": "a" * 1025})
    problem(too_long, 422, "invalid_request")
    assert "aaaa" not in too_long.text
    more = await phone.post("auth/confirm", json={"token": token, "password": PASSWORD, "balance": 10**9})
    problem(more, 422, "invalid_request")
    for _ in range(20):
        last = await phone.post("auth/sign-in", json={"email": VERA, "password": "a guess"})
    problem(last, 429, "too_many_tries")
    for path in ("auth/sign-out", "auth/sessions"):
        problem(await phone.request("POST" if "out" in path else "GET", path), 401, "not_signed_in")


async def test_a_repetition_repeats_no_token(callers: Callers) -> None:
    phone = await callers.person(await callers.customer())
    await phone.post("auth/sign-up", json={"email": VERA})
    account = {"token": await token_to(callers.app), "password": PASSWORD}
    key = {"idempotency-key": "once"}
    assert (await phone.post("auth/confirm", json=account, headers=key)).status_code == 201
    problem(await phone.post("auth/confirm", json=account, headers=key), 410, "link_not_valid")


async def test_a_program_that_is_known_is_no_news(callers: Callers) -> None:
    phone = await callers.person()
    device = (await signs_up(callers.app, phone))["device_token"]
    credentials = {"email": VERA, "password": PASSWORD}
    again = await phone.post("auth/sign-in", json=credentials | {"device_token": device})
    assert again.json()["device_token"] == device
    assert "new_sign_in" not in await kinds_to(callers.app.db, VERA)
    await phone.post("auth/sign-in", json=credentials)
    assert "new_sign_in" in await kinds_to(callers.app.db, VERA)


async def test_keys_end_no_sessions(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    problem(await program.get("auth/sessions"), 403, "session_wanted")
    problem(await program.delete("auth/sessions"), 403, "session_wanted")
