"""Vera has an account by e-mail and another in Telegram, and makes one of them on the web. Strangers try the same with
what is hers."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.identities import WebSession
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.billing.audit import audit
from services.identity.sessions import FRESH
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.factors import add_factor
from tests.support.letters import LETTERS_ON, kinds_to, last_link
from tests.support.login import link_on, number_on, start_of
from tests.support.web import browser

PASSWORD = "fourteen green boats"
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """A shop that writes letters."""
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), **LETTERS_ON)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(loop_scope="session")
async def vera(office: Stage) -> Person:
    """In Telegram."""
    vera = await office.person("Вера", "ru")
    await vera.says("/start")
    await vera.sees("Здравствуйте, Вера!")
    return vera


@pytest_asyncio.fixture(loop_scope="session")
async def page(office: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(office.app) as opened:
        yield opened


def new_address() -> str:
    return f"vera{next(_numbers)}@example.com"


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


async def signs_up(office: Stage, page: httpx.AsyncClient, address: str) -> None:
    await page.post("/sign-up", data={"email": address})
    link = await last_link(office.app, address)
    typed = {"token": token_in(link), "name": "Вера на сайте", "password": PASSWORD}
    assert (await page.post("/confirm", data=typed)).status_code == 303


async def signs_in_by_telegram(page: httpx.AsyncClient, person: Person, *, at: str = "/sign-in/telegram") -> None:
    """And what the page leads to at its end is not looked at."""
    shown = await page.get(at)
    await person.says(start_of(link_on(shown)))
    await person.presses(number_on(shown))
    await person.sees("Готово")


async def signed_in(office: Stage, page: httpx.AsyncClient, person: Person) -> None:
    await signs_in_by_telegram(page, person)
    assert (await page.get("/sign-in/telegram")).status_code == 303


async def me(page: httpx.AsyncClient) -> dict[str, Any]:  # Any: the values of a JSON object
    told: dict[str, Any] = (await page.get("/api/v1/me")).json()
    return told


def seen_on(question: httpx.Response) -> dict[str, str]:
    """What the last question's form bears."""
    return dict(re.findall(r'name="(token|old_balance|balance)" value="([^"]+)"', question.text))


async def books_are_right(office: Stage) -> bool:
    checks = await office.app.db.read(audit)
    return all(check.ok for check in checks)


async def test_telegram_is_linked_to_an_account_by_email(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    address = new_address()
    await signs_up(office, page, address)
    shown = await page.get("/link/telegram")
    await vera.says(start_of(link_on(shown)))
    asked = await vera.sees("Привязать ваш Telegram?")
    assert address in asked.text
    await vera.presses(number_on(shown))
    question = await page.get("/link/telegram")
    assert question.text.count("<strong>10,00 кредитов</strong>") == 2
    assert "20,00 кредитов" in question.text
    assert address in question.text
    joined = await page.post("/link/telegram", data=seen_on(question))
    assert (joined.status_code, joined.headers["location"]) == (303, "/security?done=merged")
    now = await me(page)
    assert (now["name"], now["telegram"], now["balance"]) == ("Вера", True, 2000)
    told = await vera.sees("Два ваших аккаунта теперь один")
    assert address in told.text
    assert "Перешло: 10,00 кредитов" in told.text
    assert "accounts_merged" in await kinds_to(office.app.db, address)
    assert await books_are_right(office)
    await page.post("/sign-out")
    assert (await page.post("/sign-in", data={"email": address, "password": PASSWORD})).status_code == 303
    assert (await me(page))["name"] == "Вера"


async def test_a_telegram_that_was_never_here_joins_the_account_at_once(office: Stage, page: httpx.AsyncClient) -> None:
    """No second account, no second gift, no question of two balances."""
    address = new_address()
    await signs_up(office, page, address)
    mine = (await me(page))["id"]
    nina = await office.person("Нина", "ru")
    shown = await page.get("/link/telegram")
    await nina.says(start_of(link_on(shown)))
    assert address in (await nina.sees("Привязать ваш Telegram?")).text
    assert await office.app.services.users.find(nina.id) is None
    await nina.presses(number_on(shown))
    await nina.sees("Готово")
    linked = await page.get("/link/telegram")
    assert (linked.status_code, linked.headers["location"]) == (303, "/security?done=telegram")
    now = await me(page)
    assert (now["id"], now["telegram"], now["balance"]) == (mine, True, 1000)
    told = await nina.sees("и через Telegram, и по адресу")
    assert address in told.text
    assert "10,00 кредитов" in told.text
    assert "telegram_linked" in await kinds_to(office.app.db, address)
    await nina.says("/balance")
    await nina.sees("Баланс: 10,00 кредитов")
    assert await office.user_id(nina) == mine
    assert await books_are_right(office)


async def test_who_comes_to_the_bot_meanwhile_is_shown_both_accounts(office: Stage, page: httpx.AsyncClient) -> None:
    await signs_up(office, page, new_address())
    nina = await office.person("Нина", "ru")
    await signs_in_by_telegram(page, nina, at="/link/telegram")
    await nina.says("/start")
    await nina.sees("Здравствуйте, Нина!")
    assert "20,00 кредитов" in (await page.get("/link/telegram")).text


@pytest.mark.parametrize("answer", ["a wrong number", "not me"])
async def test_a_guest_who_refuses_is_left_alone(office: Stage, page: httpx.AsyncClient, answer: str) -> None:
    """And an old button or link makes them no customer."""
    await signs_up(office, page, new_address())
    nina = await office.person("Нина", "ru")
    shown = await page.get("/link/telegram")
    await nina.says(start_of(link_on(shown)))
    question = await nina.sees("Привязать ваш Telegram?")
    wrong = next(each for each in question.buttons if each.isdigit() and each != number_on(shown))
    await nina.presses(wrong if answer == "a wrong number" else "Это не я")
    await nina.sees("никто не вошёл" if answer == "not me" else "Это не число со страницы")
    await nina.says(start_of(link_on(shown)))
    await nina.sees("больше не действует")
    assert (await page.get("/link/telegram")).status_code == 403
    assert (await me(page))["telegram"] is False
    assert await office.app.services.users.find(nina.id) is None


async def test_who_runs_the_shop_gives_no_strangers_account_a_way_in(office: Stage, page: httpx.AsyncClient) -> None:
    """Also where they were talked into choosing the number: the stranger would have their role."""
    olga = await office.person("Ольга", "ru", id=OWNER_ID)
    for known in (False, True):
        if known:
            await olga.says("/start")
        async with browser(office.app) as stranger:
            await signs_up(office, stranger, new_address())
            await signs_in_by_telegram(stranger, olga, at="/link/telegram")
            assert "управляет магазином" in (await stranger.get("/link/telegram")).text
            assert (await me(stranger))["telegram"] is False
    await signs_up(office, page, new_address())
    await signs_in_by_telegram(page, olga, at="/link/telegram")
    assert (await page.post("/link/telegram", data={"old_balance": "1000", "balance": "1000"})).status_code != 303
    assert (await me(page))["telegram"] is False


async def test_other_devices_of_the_account_that_ended_are_signed_out(
    office: Stage, vera: Person, page: httpx.AsyncClient
) -> None:
    address = new_address()
    await signs_up(office, page, address)
    async with browser(office.app) as phone:
        await phone.post("/sign-in", data={"email": address, "password": PASSWORD})
        assert (await me(phone))["name"] == "Вера на сайте"
        await signs_in_by_telegram(page, vera, at="/link/telegram")
        await page.post("/link/telegram", data=seen_on(await page.get("/link/telegram")))
        assert (await phone.get("/api/v1/me")).status_code == 401


async def test_a_balance_that_changed_is_shown_again(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    await signs_up(office, page, new_address())
    await signs_in_by_telegram(page, vera, at="/link/telegram")
    question = await page.get("/link/telegram")
    await office.give(vera, 300)
    again = await page.post("/link/telegram", data=seen_on(question))
    assert again.status_code == 409
    assert "23,00" in again.text
    assert (await page.post("/link/telegram", data=seen_on(again))).status_code == 303
    assert (await me(page))["balance"] == 2300


async def test_nothing_is_joined_without_a_yes(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    """Neither by looking, nor without the bot's answer, nor in another browser, nor for another account."""
    await signs_up(office, page, new_address())
    assert (await page.post("/link/telegram", data={"old_balance": "1000", "balance": "1000"})).status_code == 410
    await signs_in_by_telegram(page, vera, at="/link/telegram")
    question = await page.get("/link/telegram")
    async with browser(office.app) as mallory:
        await signs_up(office, mallory, new_address())
        assert (await mallory.post("/link/telegram", data=seen_on(question))).status_code == 410
        stolen = page.cookies["__Host-login"]
        session = mallory.cookies["__Host-session"]
        mallory.headers["cookie"] = f"__Host-login={stolen}; __Host-session={session}"
        assert (await mallory.post("/link/telegram", data=seen_on(question))).status_code == 410
    assert (await me(page))["telegram"] is False
    assert (await page.post("/link/telegram", data=seen_on(question))).status_code == 303


async def test_a_sign_in_that_was_confirmed_links_nothing(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    """The bot asked for one thing, the page must not do another."""
    async with browser(office.app) as mallory:
        await signs_in_by_telegram(mallory, vera)
        confirmed = mallory.cookies["__Host-login"]
        await signs_up(office, mallory, new_address())
        mallory.headers["cookie"] = f"__Host-login={confirmed}; __Host-session={mallory.cookies['__Host-session']}"
        joined = await mallory.post("/link/telegram", data={"old_balance": "1000", "balance": "1000"})
        assert joined.status_code == 410


async def test_a_link_that_was_confirmed_signs_nobody_in(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    await signs_up(office, page, new_address())
    await signs_in_by_telegram(page, vera, at="/link/telegram")
    await page.post("/sign-out")
    assert (await page.get("/sign-in/telegram")).status_code == 200
    assert (await page.get("/api/v1/me")).status_code == 401


async def test_an_address_is_linked_to_an_account_in_telegram(
    office: Stage, vera: Person, page: httpx.AsyncClient
) -> None:
    address = new_address()
    await signed_in(office, page, vera)
    sent = await page.post("/link/email", data={"email": address})
    assert (sent.status_code, sent.headers["location"]) == (303, "/link/email/sent")
    link = await last_link(office.app, address)
    form = await page.get(link)
    assert address in form.text
    weak = await page.post("/link/email/password", data={"token": token_in(link), "password": "12345678"})
    assert weak.status_code == 422
    done = await page.post("/link/email/password", data={"token": token_in(link), "password": PASSWORD})
    assert done.headers["location"] == "/security?done=linked"
    await vera.sees("Теперь на сайт можно входить и по адресу")
    assert (await kinds_to(office.app.db, address)) == ["confirm_link", "email_linked"]
    await page.post("/sign-out")
    await page.post("/sign-in", data={"email": address, "password": PASSWORD})
    assert (await me(page))["telegram"] is True
    assert (await page.get(link)).status_code == 410


async def test_an_address_with_an_account_shows_both(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    address = new_address()
    async with browser(office.app) as other:
        await signs_up(office, other, address)
    await signed_in(office, page, vera)
    await page.post("/link/email", data={"email": address})
    link = await last_link(office.app, address)
    question = await page.get(link)
    assert question.text.count("<strong>10,00 кредитов</strong>") == 2
    assert (await me(page))["balance"] == 1000
    joined = await page.post("/link/email/join", data=seen_on(question))
    assert joined.headers["location"] == "/security?done=merged"
    assert (await me(page))["balance"] == 2000
    assert await books_are_right(office)
    assert (await page.post("/link/email/join", data=seen_on(question))).status_code == 410


async def test_somebody_elses_letter_is_worth_nothing(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    """Mallory asks to link Vera's address, and Vera follows the letter's link; and the other way round."""
    address = new_address()
    await signs_up(office, page, address)
    mallory_there = await office.person("Mallory", "en")
    await mallory_there.says("/start")
    await mallory_there.sees("Hello, Mallory!")
    async with browser(office.app) as mallory:
        shown = await mallory.get("/sign-in/telegram")
        await mallory_there.says(start_of(link_on(shown)))
        await mallory_there.presses(number_on(shown))
        await mallory_there.sees("Done.")
        await mallory.get("/sign-in/telegram")
        assert (await mallory.post("/link/email", data={"email": address})).status_code == 303
        link = await last_link(office.app, address)
        assert (await page.get(link)).status_code == 410
        for step in ("/link/email/join", "/link/email/password"):
            typed = {"token": token_in(link), "password": PASSWORD, "old_balance": "1000", "balance": "1000"}
            assert (await page.post(step, data=typed)).status_code == 410
        for guess in ("", "x" * 43):
            typed = {"token": guess, "old_balance": "1000", "balance": "1000"}
            assert (await mallory.post("/link/email/join", data=typed)).status_code == 410
    assert (await me(page))["telegram"] is False


async def test_what_is_said_of_an_address_is_the_same(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    """Whether it has an account or not."""
    known, unknown = new_address(), new_address()
    async with browser(office.app) as other:
        await signs_up(office, other, known)
    await signed_in(office, page, vera)
    answers = [await page.post("/link/email", data={"email": each}) for each in (known, unknown)]
    assert len({(each.status_code, each.headers["location"], each.text) for each in answers}) == 1


async def test_a_mailbox_does_not_open_an_account_with_a_second_factor(
    office: Stage, vera: Person, page: httpx.AsyncClient
) -> None:
    address = new_address()
    async with browser(office.app) as other:
        await signs_up(office, other, address)
        await office.app.db.write(add_factor, (await me(other))["id"])
    await signed_in(office, page, vera)
    await page.post("/link/email", data={"email": address})
    refused = await page.get(await last_link(office.app, address))
    assert refused.status_code == 409
    assert "второй фактор" in refused.text


async def test_an_old_session_is_asked_to_prove_itself(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    await signs_up(office, page, new_address())
    await office.app.db.write(grow_old)
    for place in ("/link/telegram", "/link/email?token=x"):
        asked = await page.get(place)
        assert asked.status_code == 303
        assert asked.headers["location"].endswith(f"next={quote(place, safe='')}")
    assert (await page.post("/link/email", data={"email": new_address()})).status_code == 403
    joined = await page.post("/link/telegram", data={"old_balance": "1000", "balance": "1000"})
    assert joined.status_code == 403


async def test_an_old_session_in_telegrams_account_is_asked_by_the_bot(
    office: Stage, vera: Person, page: httpx.AsyncClient
) -> None:
    await signed_in(office, page, vera)
    await office.app.db.write(grow_old)
    asked = await page.get("/link/email")
    again = "/sign-in/telegram?again=yes&next=%2Flink%2Femail"
    assert (asked.status_code, asked.headers["location"]) == (303, again)
    await signs_in_by_telegram(page, vera, at=again)
    assert (await page.get(again)).headers["location"] == "/link/email"
    assert (await page.get("/link/email")).status_code == 200


async def test_the_profile_in_the_chat_leads_to_the_page(office: Stage, vera: Person) -> None:
    await vera.says("/profile")
    profile = await vera.sees_button("Войти на сайте")
    button = profile.button("Войти на сайте")
    assert button is not None
    assert button.url == "http://127.0.0.1/sign-in/telegram"


async def test_who_has_both_needs_no_more(office: Stage, vera: Person, page: httpx.AsyncClient) -> None:
    await signed_in(office, page, vera)
    assert (await page.get("/link/telegram")).headers["location"] == "/security"
    address = new_address()
    await page.post("/link/email", data={"email": address})
    token = token_in(await last_link(office.app, address))
    await page.post("/link/email/password", data={"token": token, "password": PASSWORD})
    assert (await page.get("/link/email")).headers["location"] == "/security"
    assert (await page.post("/link/email", data={"email": new_address()})).status_code == 409


async def test_a_stranger_signs_in_first(office: Stage, page: httpx.AsyncClient) -> None:
    """A letter that is opened in another browser."""
    asked = await page.get("/link/email?token=abc")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Flink%2Femail%3Ftoken%3Dabc")


def grow_old(session: Session) -> None:
    sessions = table_of(WebSession)
    session.execute(update(sessions).values(authenticated_at=datetime.now(UTC) - FRESH))
