"""Accounts by e-mail, as somebody with a browser makes and uses them."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.integration.web.test_site import anna
from tests.support.clock import FakeClock
from tests.support.letters import LETTERS_ON, kinds_to, last_link
from tests.support.web import browser

VERA = "vera@example.com"
PASSWORD = "fourteen green boats"


@pytest_asyncio.fixture(loop_scope="module")
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    async with App(shop_settings(sandbox, sqlite_url, **LETTERS_ON)).running() as app:
        yield app


async def follows(page: httpx.AsyncClient, link: str, **typed: str) -> httpx.Response:
    """Opens a letter's link and posts the form that is there."""
    assert (await page.get(link)).status_code == 200
    parts = urlsplit(link)
    return await page.post(parts.path, data={"token": parse_qs(parts.query)["token"][0]} | typed)


async def signs_up(app: App, page: httpx.AsyncClient, address: str = VERA) -> None:
    asked = await page.post("/sign-up", data={"email": address})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-up/sent")
    assert f"<b>{address}</b>" in (await page.get("/sign-up/sent")).text
    confirmed = await follows(page, await last_link(app, address), name="Вера", password=PASSWORD)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/")


async def signs_in(page: httpx.AsyncClient, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await page.post("/sign-in", data={"email": VERA, "password": password} | more)


async def test_sign_up_sign_out_sign_in(app: App) -> None:
    async with browser(app) as vera:
        await signs_up(app, vera)
        me = (await vera.get("/api/v1/me")).json()
        assert (me["name"], me["email"], me["telegram"], me["balance"]) == ("Вера", VERA, False, 1000)
        assert (await vera.post("/sign-out")).headers["location"] == "/sign-in"
        assert (await vera.get("/api/v1/me")).status_code == 401
        assert (await signs_in(vera)).headers["location"] == "/"
        assert (await vera.get("/api/v1/me")).json() == me


async def test_what_is_said_is_the_same_whether_there_is_an_account(app: App) -> None:
    async with browser(app) as vera, browser(app) as stranger:
        await signs_up(app, vera)
        answers = {}
        for page in ("/sign-up", "/reset"):
            for address in (VERA, "nobody@example.com"):
                asked = await stranger.post(page, data={"email": address}, follow_redirects=True)
                if page == "/sign-up" and address == VERA:
                    assert asked.status_code == 429  # asked for a moment ago, whoever has it
                    continue
                answers[page, address] = (asked.status_code, asked.text.replace(address, ""))
        assert answers["/reset", VERA] == answers["/reset", "nobody@example.com"]
        assert await kinds_to(app.db, VERA) == ["confirm_sign_up", "reset_password"]
        assert await kinds_to(app.db, "nobody@example.com") == ["confirm_sign_up"] * 2


async def test_a_wrong_password_and_a_wrong_address_are_told_alike(app: App) -> None:
    async with browser(app) as vera, browser(app) as stranger:
        await signs_up(app, vera)
        wrong = [
            await stranger.post("/sign-in", data={"email": address, "password": "wrong and long"})
            for address in (VERA, "nobody@example.com", "no address", "")
        ]
        assert {answer.status_code for answer in wrong} == {422}
        assert all("Неверный адрес или пароль." in answer.text for answer in wrong)
        assert "wrong and long" not in "".join(answer.text for answer in wrong)
        assert 'value="vera@example.com"' in wrong[0].text


async def test_a_link_is_followed_by_post_alone_and_once(app: App) -> None:
    async with browser(app) as vera, browser(app) as second_tab:
        await vera.post("/sign-up", data={"email": VERA})
        link = await last_link(app, VERA)
        token = parse_qs(urlsplit(link).query)["token"][0]
        for _ in range(3):  # gateways open every link
            assert (await vera.get(link)).status_code == 200
        typed = {"token": token, "password": PASSWORD}
        both = await asyncio.gather(*(each.post("/confirm", data=typed) for each in (vera, second_tab)))
        assert sorted(answer.status_code for answer in both) == [303, 410]
        assert (await second_tab.get(link)).status_code == 410


async def test_the_page_of_a_link_tells_nobody_where_it_is(app: App) -> None:
    async with browser(app) as vera:
        await vera.post("/sign-up", data={"email": VERA})
        page = await vera.get(await last_link(app, VERA))
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"


async def test_forged_and_lost_links(app: App) -> None:
    async with browser(app) as stranger:
        for page in ("/confirm", "/reset/confirm"):
            for token in ("", "x", "a" * 43, "a" * 5000, "%00", "%F0%9F%8E%B2"):
                shown = await stranger.get(f"{page}?token={token}")
                assert (shown.status_code, "Запросить новое письмо" in shown.text) == (410, True)
                posted = await stranger.post(page, data={"token": token, "password": PASSWORD})
                assert posted.status_code == 410


async def test_a_link_of_one_purpose_serves_no_other(app: App) -> None:
    async with browser(app) as vera:
        await vera.post("/sign-up", data={"email": VERA})
        token = parse_qs(urlsplit(await last_link(app, VERA)).query)["token"][0]
        assert (await vera.post("/reset/confirm", data={"token": token, "password": PASSWORD})).status_code == 410


async def test_a_weak_password_is_told_and_the_rest_is_kept(app: App) -> None:
    async with browser(app) as vera:
        await vera.post("/sign-up", data={"email": VERA})
        link = await last_link(app, VERA)
        for weak in ("short", "password1", "kassandra2026", VERA, "vera1234", "a" * 1025, "aaaaaaaaaaaa"):
            refused = await follows(vera, link, name="Вера <b>", password=weak)
            assert refused.status_code == 422
            assert 'value="Вера &lt;b&gt;"' in refused.text
            assert f'value="{weak}"' not in refused.text or weak == VERA
        assert (await follows(vera, link, password="мой пароль 🦊")).status_code == 303


async def test_a_session_is_new_at_each_sign_in_and_ends_on_the_server(app: App) -> None:
    async with browser(app) as vera:
        await signs_up(app, vera)
        first = vera.cookies["__Host-session"]
        await signs_in(vera)
        second = vera.cookies["__Host-session"]
        assert second != first
        await vera.post("/sign-out")
        assert "__Host-session" not in vera.cookies
    async with browser(app) as thief:
        for stolen in (first, second, "made up"):
            thief.headers["cookie"] = f"__Host-session={stolen}"
            assert (await thief.get("/api/v1/me")).status_code == 401
            planted = await signs_in(thief)  # whoever planted it learns nothing of what comes
            assert stolen not in planted.headers["set-cookie"]


async def test_remembered_or_until_the_browser_closes(app: App) -> None:
    async with browser(app) as vera:
        await signs_up(app, vera)
        plain = (await signs_in(vera)).headers.get_list("set-cookie")
        kept = (await signs_in(vera, remember="yes")).headers.get_list("set-cookie")
        assert [line for line in plain if line.startswith("__Host-session=") and "Max-Age" not in line]
        [session] = [line for line in kept if line.startswith("__Host-session=") and "Max-Age=0" not in line]
        assert "Secure; HttpOnly; SameSite=Lax; Max-Age=2678400" in session


async def test_where_a_sign_in_leads_is_here(app: App) -> None:
    elsewhere = ("//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", "\\\\evil", "javascript:a", "")
    leads = dict.fromkeys(elsewhere, "/") | {"/history?page=2": "/history?page=2", "/%0d%0aa:b": "/%0d%0aa:b"}
    async with browser(app) as vera:
        await signs_up(app, vera)
        for asked, led in leads.items():
            assert (await signs_in(vera, next=asked)).headers["location"] == led
            assert (await vera.get("/sign-in", params={"next": asked})).headers["location"] == led


async def test_a_new_password_by_letter_ends_all_sessions(app: App) -> None:
    async with browser(app) as vera, browser(app) as telephone, browser(app) as thief:
        await signs_up(app, vera)
        await signs_in(telephone)
        await thief.post("/reset", data={"email": VERA})
        link = await last_link(app, VERA)
        reset = await follows(vera, link, password="another long one")
        assert reset.headers["location"] == "/security"
        assert (await telephone.get("/api/v1/me")).status_code == 401
        assert (await vera.get("/api/v1/me")).status_code == 200
        assert (await signs_in(telephone)).status_code == 422
        assert (await signs_in(telephone, "another long one")).status_code == 303
        assert (await thief.get(link)).status_code == 410
        assert "password_changed" in await kinds_to(app.db, VERA)


async def test_a_new_device_is_told_of_a_known_one_is_not(app: App) -> None:
    async with browser(app) as vera, browser(app) as elsewhere:
        elsewhere.headers["user-agent"] = "Elsewhere/1"
        await signs_up(app, vera)
        await vera.post("/sign-out")
        await signs_in(vera)
        assert "new_sign_in" not in await kinds_to(app.db, VERA)
        await signs_in(elsewhere)
        await signs_in(elsewhere)
        assert (await kinds_to(app.db, VERA)).count("new_sign_in") == 1


async def test_security_shows_devices_and_ends_them(app: App) -> None:
    async with browser(app) as vera, browser(app) as telephone, browser(app) as program:
        await signs_up(app, vera)
        telephone.headers["user-agent"] = "Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Safari/537.36"
        await signs_in(telephone)
        program.headers["user-agent"] = "<script>alert(1)</script>"
        await signs_in(program)
        shown = (await vera.get("/security")).text
        assert "Chrome, Android" in shown
        assert "<script>alert" not in shown
        assert shown.count("Это устройство") == 1
        assert "127.0.0.1" in shown
        number = re.findall(r"/security/sessions/(\d+)/end", shown)[-1]
        async with browser(app, (await anna(app)).id) as another:
            assert (await another.post(f"/security/sessions/{number}/end")).status_code == 404
        assert (await vera.post(f"/security/sessions/{number}/end")).status_code == 303
        assert (await vera.post(f"/security/sessions/{number}/end")).status_code == 404
        await vera.post("/security/sessions/end-others")
        for each in (telephone, program):
            assert (await each.get("/api/v1/me")).status_code == 401
        assert (await vera.get("/api/v1/me")).status_code == 200


async def test_a_password_is_changed_with_the_current_one(app: App) -> None:
    async with browser(app) as vera, browser(app) as telephone:
        await signs_up(app, vera)
        await signs_in(telephone)
        wrong = await vera.post("/security/password", data={"current": "not this one", "password": "a new long one"})
        assert wrong.status_code == 403
        assert "Нынешний пароль указан неверно." in wrong.text
        changed = await vera.post("/security/password", data={"current": PASSWORD, "password": "a new long one"})
        assert changed.headers["location"] == "/security?done=password"
        assert (await vera.get("/api/v1/me")).status_code == 200
        assert (await telephone.get("/api/v1/me")).status_code == 401
        assert (await signs_in(telephone)).status_code == 422
        told = await kinds_to(app.db, VERA)
        assert (await signs_in(vera, "a new long one")).status_code == 303
        assert await kinds_to(app.db, VERA) == told
        assert (await signs_in(telephone, "a new long one")).status_code == 303
        assert await kinds_to(app.db, VERA) == [*told, "new_sign_in"]  # whoever knew the old password is a stranger


async def test_the_old_address_counts_until_the_new_one_is_confirmed(app: App) -> None:
    new = "vera.new@example.com"
    async with browser(app) as vera, browser(app) as stranger:
        await signs_up(app, vera)
        asked = await vera.post("/security/address", data={"email": "Vera.New@Example.com", "own": PASSWORD})
        assert asked.headers["location"] == "/security?done=address"
        assert new in (await vera.get("/security")).text
        assert "address_changed" in await kinds_to(app.db, VERA)
        link = await last_link(app, new)
        assert (await stranger.get(link)).headers["location"].startswith("/sign-in?next=%2Fconfirm-address")
        assert (await signs_in(stranger)).status_code == 303
        assert (await follows(vera, link)).headers["location"] == "/security?done=confirmed"
        assert (await signs_in(stranger)).status_code == 422
        assert (await vera.get("/api/v1/me")).json()["email"] == new
        assert (await kinds_to(app.db, VERA)).count("address_changed") == 2


async def test_nobody_else_confirms_an_address(app: App) -> None:
    """Who mistyped it has sent the letter to a stranger, who may have an account."""
    async with browser(app) as vera, browser(app) as mallory:
        await signs_up(app, vera)
        await signs_up(app, mallory, "mallory@example.com")
        await vera.post("/security/address", data={"email": "typo@example.com", "own": PASSWORD})
        link = await last_link(app, "typo@example.com")
        assert (await mallory.get(link)).status_code == 410
        token = parse_qs(urlsplit(link).query)["token"][0]
        assert (await mallory.post("/confirm-address", data={"token": token})).status_code == 410
        assert (await signs_in(vera)).status_code == 303


async def test_an_address_of_somebody_else_is_not_told_to_be_theirs(app: App) -> None:
    async with browser(app) as vera, browser(app) as mallory:
        await signs_up(app, vera)
        await signs_up(app, mallory, "mallory@example.com")
        asked = await mallory.post("/security/address", data={"email": VERA, "own": PASSWORD})
        assert asked.headers["location"] == "/security?done=address"
        assert (await kinds_to(app.db, VERA))[-1] == "already_registered"
        assert "confirm_address" not in await kinds_to(app.db, VERA)


async def test_without_letters_there_is_no_form(sandbox: Sandbox, sqlite_url: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url)).running() as app, browser(app) as stranger:
        shown = (await stranger.get("/sign-in")).text
        assert 'name="password"' not in shown
        assert "/sign-in/telegram" in shown
        assert 'name="email"' not in (await stranger.get("/sign-up")).text
        assert (await stranger.post("/sign-up", data={"email": VERA})).status_code == 503


async def test_who_signed_in_a_while_ago_shows_the_password_again(sandbox: Sandbox, sqlite_url: str) -> None:
    clock, settings = FakeClock(datetime.now(UTC)), shop_settings(sandbox, sqlite_url, **LETTERS_ON)
    async with App(settings, clock=clock).running() as app, browser(app) as vera:
        await signs_up(app, vera)
        clock.advance(hours=2)
        led = await vera.get("/link/telegram")
        assert led.headers["location"] == "/prove?by=password&next=%2Flink%2Ftelegram"
        assert (await vera.get(led.headers["location"])).status_code == 200
        wrong = await vera.post("/prove", data={"password": "a guess of somebody", "next": "/link/telegram"})
        assert wrong.status_code != 303
        assert (await vera.get("/link/telegram")).status_code == 303
        right = await vera.post("/prove", data={"password": PASSWORD, "next": "//evil.example"})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert (await vera.get("/link/telegram")).headers.get("location", "") != led.headers["location"]
