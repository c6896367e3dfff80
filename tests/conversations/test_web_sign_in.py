"""Anna signs in to the shop's pages by its bot; strangers try to get in by her."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.login import link_on, number_on, start_of
from tests.support.web import browser

PAGE = "/sign-in/telegram"
CHROME = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36"


@pytest_asyncio.fixture(loop_scope="session")
async def page(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(stage.app) as opened:
        opened.headers["user-agent"] = CHROME
        yield opened


async def balance_is_seen(page: httpx.AsyncClient) -> bool:
    return (await page.get("/api/v1/me")).status_code == 200


def another(number: str, buttons: list[str]) -> str:
    return next(each for each in buttons if each.isdigit() and each != number)


async def test_the_number_of_the_page_lets_in(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(f"{PAGE}?next=/history&remember=yes")
    await anna.says(start_of(link_on(shown)))
    question = await anna.sees("Войти на сайте?")
    assert "Chrome, Android" in question.text
    assert "127.0.0.1" in question.text
    assert number_on(shown) in question.buttons
    await anna.presses(number_on(shown))
    await anna.sees("Готово. Вернитесь на страницу")
    assert (await page.get(f"{PAGE}/state")).json() == {"state": "confirmed"}
    let_in = await page.get(f"{PAGE}?next=/history&remember=yes")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/history")
    assert any(
        "__Host-session=" in each and "Max-Age=2678400" in each for each in let_in.headers.get_list("set-cookie")
    )
    assert (await page.get("/api/v1/me")).json()["name"] == "Анна"


async def test_until_then_the_page_waits_and_shows_the_same(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    again = await page.get(PAGE)
    assert (link_on(again), number_on(again)) == (link_on(shown), number_on(shown))
    assert (await page.get(f"{PAGE}/state")).json() == {"state": "waiting"}
    assert not await balance_is_seen(page)


async def test_who_was_never_here_is_greeted(stage: Stage, page: httpx.AsyncClient) -> None:
    john = await stage.person("John", "en")
    shown = await page.get(PAGE)
    await john.says(start_of(link_on(shown)))
    await john.sees("Sign in on the web?")
    assert any("A welcome gift: 10.00 credits" in each.text for each in await john.looks())
    await john.presses(number_on(shown))
    await john.sees("Done. Go back to the page")
    await page.get(PAGE)
    assert (await page.get("/api/v1/me")).json()["balance"] == 1000


async def test_a_wrong_number_ends_it(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    await anna.says(start_of(link_on(shown)))
    question = await anna.sees("Войти на сайте?")
    await anna.presses(another(number_on(shown), question.buttons))
    await anna.sees("Это не число со страницы")
    refused = await page.get(PAGE)
    assert refused.status_code == 403
    assert not await balance_is_seen(page)
    assert number_on(await page.get(PAGE))  # it begins anew


async def test_it_was_not_me(anna: Person, page: httpx.AsyncClient) -> None:
    """A stranger sends Anna the link of their own page."""
    shown = await page.get(PAGE)
    await anna.says(start_of(link_on(shown)))
    await anna.sees("Вам прислали эту ссылку")
    await anna.presses("Это не я")
    await anna.sees("никто не вошёл")
    assert (await page.get(PAGE)).status_code == 403
    assert not await balance_is_seen(page)


async def test_only_the_browser_that_asked_is_let_in(stage: Stage, anna: Person, page: httpx.AsyncClient) -> None:
    """Who learned the link and saw that it was confirmed has another cookie, or none."""
    shown = await page.get(PAGE)
    await anna.says(start_of(link_on(shown)))
    await anna.presses(number_on(shown))
    await anna.sees("Готово")
    token = link_on(shown).partition("login_")[2]
    for cookie in (f"{token}.", f"{token}.{token}", token, "."):
        async with browser(stage.app) as stranger:
            stranger.headers["cookie"] = f"__Host-login={cookie}"
            assert (await stranger.get(f"{PAGE}/state")).json() == {"state": "gone"}
            assert (await stranger.get(PAGE)).status_code == 200  # it is asked anew
            assert not await balance_is_seen(stranger)
    assert (await page.get(PAGE)).status_code == 303


async def test_it_lets_in_once(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    kept = page.cookies["__Host-login"]
    await anna.says(start_of(link_on(shown)))
    await anna.presses(number_on(shown))
    await anna.sees("Готово")
    assert (await page.get(PAGE)).status_code == 303
    await page.post("/sign-out")
    page.headers["cookie"] = f"__Host-login={kept}"
    assert (await page.get(PAGE)).status_code == 200
    assert not await balance_is_seen(page)


async def test_an_old_button_says_so(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    await anna.says(start_of(link_on(shown)))
    question = await anna.sees("Войти на сайте?")
    await anna.presses(number_on(shown))
    token = link_on(shown).partition("login_")[2]
    await anna.forges(f"login:{token}:{number_on(shown)}", question.id)
    await anna.sees("больше не действует")
    await anna.says(start_of(link_on(shown)))
    await anna.sees("больше не действует")


@pytest.mark.parametrize("data", ["login", "login:", "login:1:42", f"login:{'x' * 43}:42", f"login:{'x' * 43}:９９"])
async def test_made_up_buttons(anna: Person, data: str) -> None:
    await anna.says("/help")
    await anna.sees("кредит")
    await anna.forges(data)
    await anna.sees("больше не действует")


async def test_who_is_closed_out_is_not_let_in(stage: Stage, anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    await anna.says(start_of(link_on(shown)))
    await anna.presses(number_on(shown))
    await anna.sees("Готово")
    await stage.disable(anna, at=stage.app.clock())
    assert (await page.get(PAGE)).status_code == 403
    assert not await balance_is_seen(page)


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
async def test_it_leads_to_pages_of_ours_alone(anna: Person, page: httpx.AsyncClient, place: str) -> None:
    shown = await page.get(PAGE, params={"next": place})
    await anna.says(start_of(link_on(shown)))
    await anna.presses(number_on(shown))
    await anna.sees("Готово")
    assert (await page.get(PAGE, params={"next": place})).headers["location"] == "/"


async def test_nobody_is_asked_without_end(anna: Person, page: httpx.AsyncClient) -> None:
    shown = await page.get(PAGE)
    for _ in range(10):
        await anna.says(start_of(link_on(shown)))
    await anna.sees("Войти на сайте?")
    await anna.says(start_of(link_on(shown)))
    await anna.sees("Слишком много попыток")
