"""Who has no Telegram reads what came of a forecast in a letter."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.app import App
from db.base import JsonObject, table_of
from db.tables.forecasts import OpenForecast
from db.tables.predictions import PredictionStatus
from sandbox.client.sandbox import Sandbox
from services.coordination.base import Topic
from services.forecasts import due, publish
from services.forecasts.said import NewForecast
from tests.integration.mail.test_shop import VERA, settings_of, signs_up
from tests.support.forecasts import forecast
from tests.support.shop import add_prediction
from tests.support.web import browser

MONDAY = dt.date(2026, 3, 2)
AT = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)
SIGN_UP = {"ru": "подтвердите адрес", "en": "confirm your address"}
SUBJECT = {
    "ru": "Дельфы: чем закончился ваш прогноз по SBER",
    "en": "Дельфы: what came of your forecast for SBER",
}
CAME = {
    "ru": (
        "Paper SBER (SBER)",
        "последняя цена закрытия тогда: 250,50.",
        "за 21 торговый день цена упадёт на 5\u00a0% или больше с вероятностью 25\u00a0%.",
        "Этого не случилось: на самом низком закрытии цена изменилась на −1,2\u00a0%.",
        "в 5\u00a0% случаев изменение хуже, чем −6,0\u00a0%.",
        "Вышло хуже: к концу цена изменилась на −6,5\u00a0%.",
        "в 90\u00a0% случаев цена окажется между 230,46 и 270,54.",
        "Цена осталась внутри: изменение +3,4\u00a0%.",
    ),
    "en": (
        "Paper SBER (SBER)",
        "the last close then: 250.50.",
        "a fall of 5\u00a0% or more within 21 trading days has a probability of 25\u00a0%.",
        "It did not come: at the lowest close the price had changed by −1.2\u00a0%.",
        "in 5\u00a0% of cases the change is worse than −6.0\u00a0%.",
        "It was worse: at the end the price had changed by −6.5\u00a0%.",
        "in 90\u00a0% of cases the price ends between 230.46 and 270.54.",
        "It ended inside: the price had changed by +3.4\u00a0%.",
    ),
}
VOID = {
    "ru": "Чем закончилось, сказать нельзя: ",
    "en": "Nothing can be said of what came: ",
}


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    mailbox = await sandbox.mailbox()
    async with App(settings_of(sandbox, sqlite_url, mailbox.url)).running() as app:
        yield app


async def vera_comes(app: App, sandbox: Sandbox, language: str) -> int:
    mailbox = await sandbox.mailbox()
    async with browser(app, follow_redirects=False) as vera:
        vera.headers["accept-language"] = language
        await vera.post("/sign-up", data={"email": VERA})
        letter = await mailbox.letter(VERA, subject=SIGN_UP[language])
        await signs_up(vera, letter.link("/confirm?token="))
    return (await app.services.user_management.find(VERA)).id


async def hears(app: App, user_id: int, made: NewForecast, came: dict[str, JsonObject]) -> None:
    """As the job that judges writes it down. `came`: by the name of what was said."""
    prediction_id: UUID = await app.db.write(
        add_prediction, user_id=user_id, price=0, slug="wine", status=PredictionStatus.SUCCEEDED
    )
    await app.db.write(publish.keep, {prediction_id: made}, AT)
    waiting = table_of(OpenForecast)
    forecast_id = await app.db.read(lambda session: session.scalars(select(waiting.c.forecast_id)).one())
    nothing = dict.fromkeys(("bin", "came", "observed", "score", "until", "void"))
    rows = [
        nothing
        | {"name": said.name, "event": said.event, "output": said.output, "measure": said.measure}
        | {"stated": said.stated}
        | came[said.name]
        for said in made.said
    ]
    assert await app.db.write(due.write, {forecast_id: rows}, app.clock()) == 1
    app.core.coordination.tell(Topic.NEWS)


def observed(change: float, *, came: bool) -> JsonObject:
    return {"came": came, "observed": change, "score": 0.1, "until": MONDAY + dt.timedelta(days=30)}


def all_void(reason: str) -> dict[str, JsonObject]:
    return {name: {"void": reason} for name in ("drawdown", "bad_case", "band")}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_what_was_said_and_what_came(app: App, sandbox: Sandbox, language: str) -> None:
    mailbox, user_id = await sandbox.mailbox(), await vera_comes(app, sandbox, language)
    made = forecast(last_day=MONDAY, last_close=250.5, slug="wine")
    came = {
        "drawdown": observed(-1.24, came=False) | {"bin": 2},
        "bad_case": observed(-6.51, came=True),
        "band": observed(3.36, came=True),
    }
    await hears(app, user_id, made, came)
    letter = await mailbox.letter(VERA, subject=SUBJECT[language])
    assert letter.text is not None
    assert letter.html is not None
    places = [letter.text.index(words) for words in CAME[language]]
    assert places == sorted(places), "each thing that was said is followed by what came of it"
    assert "<b>" not in letter.text
    shown = unescape(re.sub("<[^>]*>", "", letter.html))
    assert [words for words in CAME[language] if words not in shown] == []
    for part in (letter.text, letter.html):
        assert "https://shop.example.com/track" in part
        assert "https://shop.example.com/profile" in part
        assert "https://shop.example.com/predictions/" in part
        assert {"ru": "отключаются в профиле", "en": "switched off in the profile"}[language] in part


@pytest.mark.parametrize(("language", "reason"), [("ru", "больше не торгуется"), ("en", "it is not traded any more")])
async def test_a_void_one_says_why(app: App, sandbox: Sandbox, language: str, reason: str) -> None:
    mailbox, user_id = await sandbox.mailbox(), await vera_comes(app, sandbox, language)
    made = forecast(last_day=MONDAY, last_close=250.5, slug="wine")
    await hears(app, user_id, made, all_void("delisted"))
    letter = await mailbox.letter(VERA, subject=SUBJECT[language])
    for part in (letter.text, letter.html):
        assert part is not None
        assert VOID[language] in part
        assert reason in part
        assert CAME[language][2] not in part
        assert not any(mark in part for mark in ("✅", "🔻"))


async def test_a_paper_of_an_odd_name_does_no_harm(app: App, sandbox: Sandbox) -> None:
    mailbox, user_id = await sandbox.mailbox(), await vera_comes(app, sandbox, "en")
    made = forecast(last_day=MONDAY, last_close=250.5, slug="wine", symbol='<A HREF="x">&')
    await hears(app, user_id, made, all_void("silent"))
    letter = await mailbox.letter(VERA, subject="what came of your forecast")
    assert letter.text is not None
    assert letter.html is not None
    assert '<A HREF="x">&' in letter.text
    assert "<A HREF" not in letter.html
