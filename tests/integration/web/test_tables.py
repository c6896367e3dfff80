"""Whole tables on the web: sent, asked about, ordered, saved; nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest_asyncio

from bot.app import App
from db.tables.plans import AllowanceUnit
from db.tables.scorings import ScoringStatus
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from services.users.accounts import UserView, Visitor
from services.users.timeline import Happened
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_csv, read_workbook, wines, workbook
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan, end_plans
from tests.support.web import browser

_people = count(950_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


async def person(app: App, language: str = "ru") -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language=language)
    return await app.services.users.enter(visitor)


async def sends(client: httpx.AsyncClient, content: bytes, *, name: str = "вина.csv") -> httpx.Response:
    return await client.post("/models/wine/table", files={"table": (name, content)})


async def ended(client: httpx.AsyncClient, place: str) -> str:
    """The page of a table that has ended."""
    async with asyncio.timeout(30):
        while (await client.get(f"{place}/state")).json()["state"] == "under-way":  # noqa: ASYNC110 - as the page asks
            await asyncio.sleep(0.05)
    return (await client.get(place)).text


async def test_a_table_comes_back_with_answers(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        assert "/models/wine/table" in (await anna.get("/models/wine")).text
        page = (await anna.get("/models/wine/table")).text
        assert "строк и 20 МБ" in page
        assert "<dt>Алкоголь, %</dt><dd>От 10 до 16.</dd>" in page
        rows = [*wines(5), ["пять", *wines(1)[0][1:]]]
        sent = await sends(anna, csv_table([RUSSIAN, *rows], delimiter=";"))
        place = sent.headers["location"]
        page = (await anna.get(place)).text
        assert "5 × 1,00 = <b>5,00 кредитов</b>" in page
        assert "1 строку взять нельзя" in page
        assert "Строка 7. Алкоголь («пять»)" in page
        assert "Строка;" in (await anna.get(f"{place}/problems.csv")).text
        for _ in range(2):  # a form that is sent twice is paid once
            assert (await anna.post(f"{place}/order", data={"total": "500"})).headers["location"] == place
        page = await ended(anna, place)
        assert "Отвечено: 5 из 5 строк" in page
        assert "1 строка не взята" in page
        assert "Оплачено: 5,00 кредитов" in page
        result = await anna.get(f"{place}/result")
        assert "filename*=UTF-8''%D0%B2%D0%B8%D0%BD%D0%B0-wine.csv" in result.headers["content-disposition"]
        header, *answered = read_csv(result.content, ";")
        assert header[13:15] == ["Вино", "Вино: вероятность"]
        assert len(answered) == 6
        assert "вина.csv" in (await anna.get("/tables")).text
        history = (await anna.get("/history")).text
        assert "/tables" in history
        assert "пусто" not in history
        assert "таблица, 5 строк" in (await anna.get("/balance")).text
        happened = (await app.services.user_management.timeline(user.id)).items
        (seen,) = (event for event in happened if event.kind is Happened.SCORING)
        assert (seen.state, seen.credits, seen.rows, seen.model_slug) == (ScoringStatus.SUCCEEDED, 500, 5, "wine")
        me = await app.services.users.get(user.id)
        assert me.balance == user.balance - 500
    assert (await run_audit(app.db)).ok


async def test_what_is_unclear_is_asked_at_once(app: App) -> None:
    user = await person(app, "en")
    async with browser(app, user.id) as john:
        headings = ["first", "second", *RUSSIAN[2:]]
        place = (await sends(john, workbook([headings, *wines(3)]), name="wines.xlsx")).headers["location"]
        page = (await john.get(place)).text
        assert page.count("<select") == 2
        assert "first (11.00)" in page
        names = [part.split('"')[0] for part in page.split('name="column-')[1:]]
        twice = {f"column-{name}": "0" for name in names}
        assert (await john.post(f"{place}/columns", data=twice)).status_code == 303
        assert (await john.get(place)).text.count("<select") == 1  # one column answers one question
        await john.post(f"{place}/columns", data={f"column-{names[1]}": "1"})
        assert "3 × 1.00 = <b>3.00 credits</b>" in (await john.get(place)).text
        assert (await john.post(f"{place}/drop")).headers["location"] == "/models/wine/table"
        assert (await john.get(place)).status_code == 404


async def test_what_cannot_be_sold_says_why(app: App) -> None:
    user = await person(app, "en")
    async with browser(app, user.id) as john, browser(app, (await person(app)).id) as other:
        assert "Choose a file" in (await sends(john, b"")).text
        assert (await sends(john, b"\x00\x01\x02")).status_code == 422
        place = (await sends(john, csv_table([RUSSIAN, *wines(500)]))).headers["location"]
        assert "more is needed" in (await john.get(place)).text
        assert (await john.post(f"{place}/order", data={"total": "50000"})).status_code == 402
        assert (await john.post(f"{place}/order", data={"total": "100"})).status_code == 409
        for path in (place, f"{place}/result", f"{place}/state", "/tables/rubbish"):
            assert (await other.get(path)).status_code == 404
        for path in ("order", "drop", "cancel", "columns"):
            assert (await other.post(f"{place}/{path}", data={"total": "50000"})).status_code == 404
        assert (await john.get("/models/digit/table")).status_code == 404
        assert (await app.services.users.get(user.id)).balance == user.balance


async def test_a_template_can_be_filled_in_and_sent(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        book = (await anna.get("/models/wine/table/template.xlsx")).content
        lines = (await anna.get("/models/wine/table/template.csv")).content
        assert read_workbook(book)[0] == read_csv(lines, ";")[0]
        for content, name in ((book, "a.xlsx"), (lines, "a.csv")):
            place = (await sends(anna, content, name=name)).headers["location"]
            assert "1 × 1,00 = <b>1,00 кредит</b>" in (await anna.get(place)).text


async def test_a_stranger_is_asked_to_sign_in(app: App) -> None:
    async with browser(app) as stranger:
        page = (await stranger.get("/models/wine/table")).text
        assert "/sign-in?next=%2Fmodels%2Fwine%2Ftable" in page
        assert (await stranger.get("/models/wine/table/template.csv")).status_code == 200
        assert (await stranger.get("/tables")).status_code == 303


async def test_a_plan_pays_for_a_table_whole_or_not_at_all(app: App) -> None:
    user = await person(app)
    requests = AllowanceUnit.REQUESTS
    given = [(requests, 2, ["wine"]), (requests, 6, [])]
    await app.db.write(add_plan, "free", kopecks=None, allowances=given, created_at=app.clock())
    try:
        async with browser(app, user.id) as anna:
            place = (await sends(anna, csv_table([RUSSIAN, *wines(7)]))).headers["location"]
            page = (await anna.get(place)).text
            assert "тариф оплатит ещё <b>6</b> строк, а таблицу он оплачивает только целиком" in page
            assert "7 × 1,00 = <b>7,00 кредитов</b>" in page
            place = (await sends(anna, csv_table([RUSSIAN, *wines(5)]))).headers["location"]
            page = (await anna.get(place)).text
            assert "Платит ваш тариф: в этом периоде осталось ещё <b>6</b> запросов" in page
            await anna.post(f"{place}/order", data={"total": "0"})
            assert "Отвечено: 5 из 5 строк" in await ended(anna, place)
    finally:
        await app.db.write(end_plans)
    assert (await app.services.users.get(user.id)).balance == 1_000
    assert (await run_audit(app.db)).ok
