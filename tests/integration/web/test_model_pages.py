"""A model's page: the form is filled in, mended, bought once."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.manifests.inputs import SeriesInput
from services.market.prices import Instrument
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.every_input import add_every_input
from tests.support.stores import STORE
from tests.support.web import browser

_people = count(940_000_001)
ANSWERS = {
    "amount": "12,5",
    "rooms": "3",
    "colour": "blue",
    "balcony": "yes",
    "day": "2026-11-21",
    "note": "Тихий двор\r\n<b>",
    "prices": "10 20 30",
}
PNG = (STORE / "digit" / "example.png").read_bytes()
TABLE = b"Date;Open;Close\n2026-01-01;1;10\n2026-01-02;2;20\n2026-01-03;3;60\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    for slug in ("wine", "digit", "investment-risk"):
        shutil.copytree(STORE / slug, folder / slug)
    add_every_input(folder)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer, store: Path) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app


async def person(app: App) -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language="ru")
    return await app.services.users.enter(visitor)


async def balance(app: App, user: UserView) -> int:
    return (await app.services.users.get(user.id)).balance


async def bought(app: App, user: UserView) -> int:
    return len((await app.services.history.page(user.id, 0, 100)).items)


def hidden(page: httpx.Response) -> dict[str, str]:
    """What the form bears besides what is typed."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found if name not in ("next",)}


def as_parts(answers: dict[str, str], **files: tuple[str, bytes]) -> list[tuple[str, Any]]:  # Any: as httpx has it
    """As browsers send such a form."""
    return [(name, (None, text)) for name, text in answers.items()] + list(files.items())


async def answer_of(client: httpx.AsyncClient, place: str) -> str:
    """The page of a prediction once it is finished."""
    async with asyncio.timeout(30), client.stream("GET", f"{place}/events") as stream:
        async for line in stream.aiter_lines():
            if line == "event: done":
                break
    page = await client.get(place)
    assert page.status_code == 200
    return page.text


async def test_every_question_is_drawn_and_answered(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        assert 'inputmode="decimal"' in form.text
        assert "<span>руб.</span>" in form.text
        assert "От 0,5 до 1000." in form.text
        assert 'type="date"' in form.text
        assert 'min="2020-01-01"' in form.text
        sold = await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))
        assert sold.status_code == 303
        answer = await answer_of(anna, sold.headers["location"])
        assert "12,50 · 3,00 · 1,00 · 1,00 · 20778,00" in answer.replace("\u00a0", "")
        assert "Тихий двор\n&lt;b&gt;" in answer
        assert "<strong>20" in answer
        assert await balance(app, user) == 850


async def test_what_does_not_fit_is_told_beside_it_and_all_is_kept(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        wrong = ANSWERS | {"amount": "2000", "rooms": "", "prices": "1 два 3"}
        page = await anna.post("/models/every-input", files=as_parts(hidden(form) | wrong))
        assert page.status_code == 422
        assert "3 ответа не подходят:" in page.text
        assert '<a href="#f-amount">' in page.text
        assert 'aria-describedby="e-amount h-amount" aria-invalid="true"' in page.text
        assert "Здесь нужен ответ." in page.text
        assert 'value="2000"' in page.text
        assert "Тихий двор" in page.text
        assert "1 два 3" in page.text
        assert hidden(page)["form-key"] == hidden(form)["form-key"]
        assert await bought(app, user) == 0
        mended = await anna.post("/models/every-input", files=as_parts(hidden(page) | ANSWERS))
        assert mended.status_code == 303


async def test_a_form_sells_once_however_often_it_is_sent(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        parts = as_parts(hidden(form) | ANSWERS)
        twice = await asyncio.gather(*(anna.post("/models/every-input", files=parts) for _ in range(4)))
        assert len({each.headers["location"] for each in twice}) == 1
        assert await bought(app, user) == 1
        again = await anna.get("/models/every-input")
        other = await anna.post("/models/every-input", files=as_parts(hidden(again) | ANSWERS))
        assert other.headers["location"] != twice[0].headers["location"]
        assert await bought(app, user) == 2


async def test_a_form_that_was_sent_says_so_of_other_answers_and_keeps_them(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        first = await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))
        back = await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS | {"amount": "77"}))
        assert back.status_code == 422
        assert "Эту форму вы уже отправили, с другими ответами." in back.text
        assert f'<a href="{first.headers["location"]}">' in back.text
        assert 'value="77"' in back.text
        assert await bought(app, user) == 1
        once_more = await anna.post("/models/every-input", files=as_parts(hidden(back) | ANSWERS | {"amount": "77"}))
        assert once_more.status_code == 303
        assert await bought(app, user) == 2


async def test_a_picture_sent_twice_is_the_same_answer(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = hidden(await anna.get("/models/digit"))
        other = (STORE.parent / "tests" / "data" / "digit-3-portrait.jpg").read_bytes()
        sent = [
            await anna.post("/models/digit", files=as_parts(form, photo=("a.png", picture)))
            for picture in (PNG, PNG, other)
        ]
        assert [each.status_code for each in sent] == [303, 303, 422]
        assert await bought(app, user) == 1


async def test_a_price_that_has_changed_is_asked_again(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        old = hidden(form) | ANSWERS | {"form-price": "100"}
        page = await anna.post("/models/every-input", files=as_parts(old))
        assert page.status_code == 409
        assert "Цена изменилась: теперь 1,50." in page.text
        assert hidden(page)["form-price"] == "150"
        assert await balance(app, user) == 1000


async def test_who_lacks_credits_keeps_the_form(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        for _ in range(6):
            form = await anna.get("/models/every-input")
            assert (await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))).status_code == 303
        form = await anna.get("/models/every-input")
        page = await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))
        assert page.status_code == 402
        assert "нужно ещё 0,50" in page.text
        assert "12,5" in page.text
        assert await balance(app, user) == 100


async def test_a_picture_that_was_sent_is_kept_for_the_mended_form(app: App) -> None:
    user, john = await person(app), await person(app)
    async with browser(app, user.id) as anna, browser(app, john.id) as other:
        form = await anna.get("/models/digit")
        broken = await anna.post("/models/digit", files=as_parts(hidden(form), photo=("a.png", b"no picture")))
        assert broken.status_code == 422
        assert "Эту картинку не получилось прочитать" in broken.text
        old = await anna.post("/models/digit", files=as_parts(hidden(form) | {"form-price": "1"}, photo=("a.png", PNG)))
        assert old.status_code == 409
        kept = hidden(old)["photo-kept"]
        assert (await anna.get(f"/files/{kept.removeprefix('file:')}")).headers["content-type"] == "image/png"
        assert (await other.get(f"/files/{kept.removeprefix('file:')}")).status_code == 404
        stolen = await other.get("/models/digit")
        refused = await other.post("/models/digit", files=as_parts(hidden(stolen) | {"photo-kept": kept}))
        assert refused.status_code == 422
        sold = await anna.post("/models/digit", files=as_parts(hidden(old)))
        assert sold.status_code == 303
        assert "<strong>3</strong>" in await answer_of(anna, sold.headers["location"])


async def test_several_pictures_are_confirmed_at_their_price_and_bought_each(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/digit")
        photos = [("photo", (f"{number}.png", PNG)) for number in range(3)]
        asked = await anna.post("/models/digit", files=[*as_parts(hidden(form)), *photos])
        assert asked.status_code == 409
        assert "Число картинок изменилось" in asked.text
        assert "1,50" in asked.text
        assert await bought(app, user) == 0
        sold = [await anna.post("/models/digit", files=as_parts(hidden(asked))) for _ in range(2)]
        assert [each.headers["location"] for each in sold] == ["/history"] * 2
        assert await bought(app, user) == 3
        assert await balance(app, user) == 850


async def test_the_models_own_example_can_be_tried(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/digit?fill-in=example")
        assert (await anna.get("/models/digit/examples/photo")).content == PNG
        sold = await anna.post("/models/digit", files=as_parts(hidden(form)))
        assert sold.status_code == 303


async def test_a_table_asks_for_its_column_and_is_kept(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/every-input")
        first = hidden(form) | ANSWERS | {"prices": ""}
        asked = await anna.post("/models/every-input", files=as_parts(first, prices=("prices.csv", TABLE)))
        assert asked.status_code == 422
        assert '<option value="3">Close</option>' in asked.text
        chosen = hidden(asked) | ANSWERS | {"prices": "", "prices-column": "3"}
        sold = await anna.post("/models/every-input", files=as_parts(chosen))
        assert sold.status_code == 303
        assert "<strong>30" in await answer_of(anna, sold.headers["location"])


async def test_a_source_of_the_model_is_chosen(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/investment-risk")
        sent = hidden(form) | {"prices-source": "nasdaq", "prices": "", "amount": "100 000", "limit": "10"}
        sold = await anna.post("/models/investment-risk", files=as_parts(sent))
        answer = await answer_of(anna, sold.headers["location"])
        assert "<polygon" in answer
        assert "NASDAQ" in answer
        table = await anna.get(f"{sold.headers['location']}/table.csv")
        assert table.headers["content-disposition"].startswith("attachment; filename=")
        assert len(table.content.splitlines()) == 22


async def test_a_paper_is_found_then_seen_then_bought(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        address = "/models/investment-risk"
        rest = {"prices-source": "live", "prices": "", "amount": "100 000", "limit": "10"}
        several = await anna.post(
            address, files=as_parts(hidden(await anna.get(address)) | rest | {"prices-ticker": "сбербанк"})
        )
        assert several.status_code == 422
        assert "Какая из них?" in several.text
        assert "не подходит" not in several.text, "a question is no mistake"
        assert several.text.count(" autofocus>") == 1, "the page leads to it"
        assert 'name="prices-paper" value="SBERP moex"' in several.text
        chosen = hidden(several) | rest | {"prices-ticker": "сбербанк", "prices-paper": "SBERP moex"}
        seen = await anna.post(address, files=as_parts(chosen))
        assert seen.status_code == 422
        assert "Будут взяты эти цены." in seen.text
        assert "Источник: MOEX. Последняя цена закрытия, за " in seen.text
        assert "Этот прогноз проверим около " in seen.text
        assert ("не подходит" in seen.text, "aria-invalid" in seen.text) == (False, False)
        assert seen.text.count(" autofocus>") == 1
        wrong = await anna.post(address, files=as_parts(chosen | {"amount": "много"}))
        assert "1 ответ не подходит" in wrong.text
        assert wrong.text.count(" autofocus>") == 1, "what is wrong comes first"
        assert "253 цены с" in unescape(seen.text).replace("\u00a0", " ")
        assert await balance(app, user) == 1000, "nothing is charged before the prices were seen"
        assert 'value="SBERP" maxlength' in seen.text
        sold = await anna.post(address, files=as_parts(hidden(seen) | rest | {"prices-ticker": "SBERP"}))
        assert sold.status_code == 303, sold.text
        assert "SBERP (Сбербанк" in await answer_of(anna, sold.headers["location"])
        assert "Риск вложения на месяц · SBERP" in (await anna.get("/history")).text
        assert "Риск вложения на месяц · SBERP" in (await anna.get("/")).text
        again = await anna.get(f"{address}?fill-in={sold.headers['location'].rpartition('/')[2].replace('-', '')}")
        assert 'value="live" checked' in again.text
        assert 'value="SBERP" maxlength' in again.text


async def test_a_paper_that_was_taken_is_offered_first(app: App) -> None:
    """In the chat or here; one tap, and its prices are shown."""
    user, stranger = await person(app), await person(app)
    sberp = Instrument(provider="moex", symbol="SBERP", name="Сбербанк <ап>", exchange="MOEX")
    prices = (await app.services.models.offer("investment-risk")).manifest.input("prices")
    assert isinstance(prices, SeriesInput)
    await app.services.live_answers.remember(prices, sberp, user.id)
    address, label = "/models/investment-risk", "⭐ SBERP · Сбербанк &lt;ап&gt;"
    async with browser(app, stranger.id) as john:
        assert "SBERP" not in (await john.get(address)).text
    async with browser(app, user.id) as anna:
        form = await anna.get(address)
        assert label in form.text
        assert 'value="live" checked' in form.text
        rest = hidden(form) | {"prices-source": "live", "prices": "", "amount": "100 000", "limit": "10"}
        taken = rest | {"prices-ticker": "", "prices-paper": "SBERP moex"}
        seen = await anna.post(address, files=as_parts(taken))
        assert "Будут взяты эти цены." in seen.text
        assert 'value="SBERP" maxlength' in seen.text
        assert label not in seen.text
        typed = await anna.post(address, files=as_parts(taken | {"prices-ticker": "GAZP"}))
        assert 'value="GAZP" maxlength' in typed.text, "what is typed comes before a favourite"
        nothing = await anna.post(address, files=as_parts(rest | {"prices-ticker": ""}))
        assert (nothing.status_code, label in nothing.text) == (422, True)


@pytest.mark.parametrize(
    ("typed", "told"), [("NOSUCH", "не нашлось"), ("", "Здесь нужен ответ."), ("GONE", "больше не торгуется")]
)
async def test_a_paper_that_does_not_do(app: App, typed: str, told: str) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = hidden(await anna.get("/models/investment-risk"))
        sent = form | {"prices-source": "live", "prices-ticker": typed, "amount": "100 000", "limit": "10"}
        refused = await anna.post("/models/investment-risk", files=as_parts(sent))
        assert refused.status_code == 422
        assert told in refused.text
        assert await balance(app, user) == 1000


async def test_prices_that_nobody_was_shown_are_not_bought(app: App) -> None:
    """A page of last week, or a forged one."""
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = hidden(await anna.get("/models/investment-risk"))
        sent = form | {"prices-source": "live", "prices-ticker": "SBER", "prices-paper": "SBER moex"}
        sent |= {"prices-seen": "SBER moex 2025-01-09 2026-01-08", "amount": "100 000", "limit": "10"}
        shown = await anna.post("/models/investment-risk", files=as_parts(sent))
        assert shown.status_code == 422
        assert "Будут взяты эти цены." in shown.text


async def test_a_stranger_is_led_to_sign_in_and_back_to_what_was_typed(app: App) -> None:
    async with browser(app) as someone:
        form = await someone.get("/models/every-input")
        assert "Войти и продолжить" in form.text
        led = await someone.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))
        place = urlsplit(led.headers["location"])
        assert (led.status_code, place.path) == (303, "/sign-in")
        back = parse_qs(place.query)["next"][0]
        assert back.startswith("/models/every-input?")
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get(back)
        assert 'value="12,5"' in form.text
        assert "Тихий двор" in form.text
        sold = await anna.post("/models/every-input", files=as_parts(hidden(form) | ANSWERS))
        assert sold.status_code == 303


async def test_what_breaks_is_told_in_the_readers_language_under_the_same_policy(app: App, store: Path) -> None:
    user = await person(app)
    example = store / "digit" / "example.png"
    async with browser(app, user.id) as anna, browser(app) as someone:
        kept = example.rename(example.with_suffix(".away"))
        try:
            broken = await anna.get("/models/digit/examples/photo")
            elsewhere = await someone.get("/models/digit/examples/photo", headers={"accept-language": "en"})
        finally:
            kept.rename(example)
        whole = await anna.get("/models/digit")
    assert (broken.status_code, elsewhere.status_code) == (500, 500)
    assert "У нас что-то сломалось." in broken.text
    assert "Something went wrong on our side." in elsewhere.text
    policy = whole.headers["content-security-policy"]
    assert (broken.headers["content-security-policy"], broken.headers["x-content-type-options"]) == (policy, "nosniff")


async def test_what_is_not_sold_has_no_page(app: App) -> None:
    async with browser(app) as someone:
        assert (await someone.get("/models/nothing")).status_code == 404
        assert (await someone.get("/models/nothing/sample")).status_code == 404
        assert (await someone.get("/models/digit/examples/..%2fmanifest.toml")).status_code == 404


async def test_a_form_may_be_as_large_as_its_pictures(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/digit")
        page = await anna.post("/models/digit", files=as_parts(hidden(form), photo=("a.png", bytes(21_000_000))))
        assert page.status_code == 422
        assert "20" in page.text
        huge = await anna.post("/models/digit", files=as_parts(hidden(form), photo=("a.png", bytes(61_000_000))))
        assert huge.status_code == 413
