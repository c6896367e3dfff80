"""Plans on pages: choosing one, agreeing or not, what is left, ending it, cards, changing to another."""

import re
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.plans import AllowanceUnit, PlanPrice, SubscriptionStatus
from sandbox.client.shop import Shop
from sandbox.testing import new_token, new_world, running_sandbox
from services.plans.subscriptions import SubscriptionView
from services.users.accounts import UserView, Visitor
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import Stage
from tests.integration.web.test_top_up_pages import hidden, pays
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan
from tests.support.web import browser

_people = count(77)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """One shop for all of them."""
    async with (
        running_sandbox() as url,
        new_world(url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create()) as stage,
    ):
        yield stage


@pytest.fixture(scope="module")
def app(stage: Stage) -> App:
    return stage.app


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def yookassa(stage: Stage) -> Shop:
    return await stage.sandbox.shop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plans(app: App) -> dict[str, int]:
    def sell(session: Session) -> dict[str, int]:
        return {
            "plus": add_plan(
                session,
                "plus",
                kopecks=30_000,
                credits=50_000,
                title={"ru": "Плюс", "en": "Plus"},
                trial_days=3,
                allowances=[(AllowanceUnit.REQUESTS, 100, [])],
            ),
            "old": add_plan(session, "old", kopecks=20_000, position=300),
            "pro": add_plan(session, "pro", kopecks=90_000, title={"ru": "Про", "en": "Pro"}, position=200),
        }

    made = await app.db.write(sell)
    await app.services.plans.on_sale()
    return made


async def person(app: App, language: str = "ru") -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language=language)
    return await app.services.users.enter(visitor)


async def orders(client: httpx.AsyncClient, plan_id: int, **more: str) -> httpx.Response:
    """Fills the form in and sends it."""
    form = await client.get(f"/plans/{plan_id}")
    sent = {name: hidden(form, name) for name in ("key", "way", "price")}
    return await client.post(f"/plans/{plan_id}", data=sent | more)


async def subscribes(app: App, client: httpx.AsyncClient, yookassa: Shop, plan_id: int, **more: str) -> httpx.Response:
    begun = await orders(client, plan_id, **more)
    assert begun.status_code == 303, begun.text
    return await pays(app, client, yookassa, begun.headers["location"])


async def of(app: App, user: UserView) -> SubscriptionView:
    found = await app.services.subscriptions.of(user.id)
    assert found is not None
    return found


async def test_anna_subscribes_and_cancels(app: App, yookassa: Shop, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        every = (await anna.get("/plans")).text
        assert every.index(">Плюс") < every.index(">Про<")
        assert "300 ₽ в месяц" in every
        form = (await anna.get(f"/plans/{plans['plus']}")).text
        assert "Списывать 300\u00a0₽ каждый месяц, пока я не отменю." in form
        tick = re.search(r'<input[^>]*name="consent"[^>]*>', form)
        assert tick is not None
        assert "checked" not in tick[0]
        paid = await subscribes(app, anna, yookassa, plans["plus"], consent="yes")
        assert "Оплачено: <b>300\u00a0₽</b>" in paid.text
        assert 'href="/subscription"' in paid.text
        mine = (await anna.get("/subscription")).text
        assert "Следующее списание: <b>300\u00a0₽</b>" in mine
        assert "100 из" in mine
        assert "/subscription" in (await anna.get("/balance")).text
        assert "/subscription" in (await anna.get("/profile")).text
        done = await anna.post("/subscription/cancel")
        page = (await anna.get(done.headers["location"])).text
        assert "ничего списываться не будет" in page
        assert "/subscription/resume" in page
        assert (await of(app, user)).next_charge is None
        await anna.post("/subscription/resume")
        assert (await of(app, user)).next_charge is not None


async def test_a_card_is_removed_by_one_tap(app: App, yookassa: Shop, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna, browser(app, (await person(app)).id) as other:
        await subscribes(app, anna, yookassa, plans["plus"], consent="yes")
        page = (await anna.get("/subscription")).text
        place = re.search(r"/subscription/cards/[0-9a-f-]+/remove", page)
        assert place, page
        assert (await other.post(place[0])).status_code == 404
        assert (await anna.post("/subscription/cards/rubbish/remove")).status_code == 404
        done = await anna.post(place[0])
        page = (await anna.get(done.headers["location"])).text
        assert "/subscription/cards/" not in page
        mine = await of(app, user)
        assert (mine.status, mine.auto_renew, mine.next_charge) == (SubscriptionStatus.ACTIVE, False, None)


async def test_without_the_tick_the_next_period_is_paid_by_hand(
    app: App, yookassa: Shop, plans: dict[str, int]
) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        await subscribes(app, anna, yookassa, plans["plus"])
        page = (await anna.get("/subscription")).text
        assert "Само ничего не спишется" in page
        assert "/subscription/cancel" not in page
        begun = await orders(anna, plans["plus"])
        anew = await orders(anna, plans["plus"])
        assert anew.headers["location"] != begun.headers["location"]  # in whose place it is
        await pays(app, anna, yookassa, anew.headers["location"])
        mine = await of(app, user)
        assert mine.number == 2
        assert not await app.services.payment_methods.of(user.id)


async def test_a_form_that_is_sent_twice_makes_one_payment(app: App, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get(f"/plans/{plans['plus']}")
        sent = {name: hidden(form, name) for name in ("key", "way", "price", "terms")}
        places = {(await anna.post(f"/plans/{plans['plus']}", data=sent)).headers["location"] for _ in range(2)}
        assert len(places) == 1
        other = await anna.post(f"/plans/{plans['plus']}", data=sent | {"consent": "yes"})
        assert other.headers["location"] not in places
        dear = await anna.post(f"/plans/{plans['plus']}", data=sent | {"price": "1"})
        assert "Цена изменилась" in dear.text
        less = await anna.post(f"/plans/{plans['plus']}", data=sent | {"terms": "00000000", "key": "other"})
        assert "изменилось с тех пор" in less.text


async def test_dearer_at_once_cheaper_later(app: App, yookassa: Shop, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        await subscribes(app, anna, yookassa, plans["plus"], consent="yes")
        assert "на баланс вернётся" in (await anna.get(f"/plans/{plans['pro']}")).text
        await subscribes(app, anna, yookassa, plans["pro"], consent="yes")
        assert (await of(app, user)).plan.name == "pro"
        later = (await anna.get(f"/plans/{plans['plus']}")).text
        assert "начнётся, когда закончится" in later
        await anna.post(f"/plans/{plans['plus']}/switch")
        mine = await of(app, user)
        assert mine.scheduled is not None
        assert mine.scheduled.name == "plus"
        assert "«Плюс»" in (await anna.get("/subscription")).text
        await anna.post("/subscription/keep")
        assert (await of(app, user)).scheduled is None


async def test_a_dearer_plan_is_charged_from_the_saved_card(app: App, yookassa: Shop, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        await subscribes(app, anna, yookassa, plans["plus"], consent="yes")
        form = (await anna.get(f"/plans/{plans['pro']}")).text
        button = re.search(r'<button[^>]*name="saved" value="([0-9a-f]{32})"[^>]*>(.*?)</button>', form)
        assert button is not None
        assert button[2].startswith("💳 Списать с ")
        assert "без страницы оплаты. Нажимая её, вы соглашаетесь: <i>Списывать 900\u00a0₽ каждый месяц" in form
        gone = await orders(anna, plans["pro"], saved="f" * 32)
        assert "Этого способа оплаты нет" in gone.text or gone.status_code == 404
        done = await orders(anna, plans["pro"], saved=button[1])
        assert done.status_code == 303
        assert "Оплачено: <b>900\u00a0₽</b>" in (await anna.get(done.headers["location"])).text
        mine = await of(app, user)
        assert (mine.plan.name, mine.auto_renew) == ("pro", True)


async def test_a_trial_is_had_once(app: App, plans: dict[str, int]) -> None:
    user = await person(app, "en")
    async with browser(app, user.id) as john:
        assert "Try 3 days free" in (await john.get("/plans")).text
        assert (await john.post(f"/plans/{plans['plus']}/trial")).status_code == 303
        page = (await john.get("/subscription")).text
        assert "On trial until" in page
        assert "/subscription/cancel" not in page
        assert "Begin the trial" not in (await john.get(f"/plans/{plans['plus']}")).text
        assert (await john.post(f"/plans/{plans['plus']}/trial")).status_code == 409


async def test_a_new_price_is_agreed_to(app: App, yookassa: Shop, plans: dict[str, int]) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        await subscribes(app, anna, yookassa, plans["old"], consent="yes")
        prices = table_of(PlanPrice)
        dearer = update(prices).where(prices.c.plan_id == plans["old"]).values(amount=35_000)
        await app.db.write(lambda session: session.execute(dearer))
        page = await anna.get("/subscription")
        assert "350\u00a0₽ в месяц" in page.text
        assert "Следующее списание: <b>200\u00a0₽</b>" in page.text
        old = await anna.post("/subscription/agree", data={"price": "34000", "currency": "RUB"})
        assert old.status_code == 409
        await anna.post("/subscription/agree", data={"price": "35000", "currency": "RUB"})
        assert "Следующее списание: <b>350\u00a0₽</b>" in (await anna.get("/subscription")).text


@pytest.mark.parametrize("place", ["/plans/999", "/plans/rubbish", "/plans/0"])
async def test_what_is_not_sold(app: App, plans: dict[str, int], place: str) -> None:
    async with browser(app, (await person(app)).id) as anna:
        assert (await anna.get(place)).status_code in (404, 422)


async def test_strangers_see_what_is_sold(app: App, plans: dict[str, int]) -> None:
    async with browser(app) as someone:
        assert "/plans/" in (await someone.get("/plans")).text
        for place in (f"/plans/{plans['plus']}", "/subscription"):
            assert (await someone.get(place)).headers["location"].startswith("/sign-in?next=")
        assert (await someone.post("/subscription/cancel")).status_code == 401


@pytest.mark.parametrize(("language", "words"), [("ru", "Тарифы"), ("en", "Plans")])
@pytest.mark.usefixtures("plans")
async def test_plans_are_one_press_from_the_first_page(app: App, language: str, words: str) -> None:
    user = await person(app, language)
    async with browser(app, user.id) as client:
        first = await client.get("/")
        assert f'href="/plans">{words}</a>' in first.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", "Новые подписчики платят <b>400 ₽ в месяц</b>, вы — 300 ₽."),
        ("en", "New subscribers pay <b>400 ₽ a month</b>, you pay 300 ₽."),
    ],
)
async def test_a_new_price_stands_beside_the_present_one(app: App, yookassa: Shop, language: str, words: str) -> None:
    """With the day from which it would be paid; who has cancelled is not asked."""
    plan_id = await app.db.write(lambda session: add_plan(session, f"dear-{language}", kopecks=30_000))
    user = await person(app, language)
    async with browser(app, user.id) as client:
        await subscribes(app, client, yookassa, plan_id, consent="yes", email="anna@example.com")
        prices = table_of(PlanPrice)
        dearer = update(prices).where(prices.c.plan_id == plan_id).values(amount=40_000)
        await app.db.write(lambda session: session.execute(dearer))
        shown = (await client.get("/subscription")).text.replace("\u00a0", " ")
        assert words in shown
        await client.post("/subscription/cancel")
        assert words not in (await client.get("/subscription")).text.replace("\u00a0", " ")
