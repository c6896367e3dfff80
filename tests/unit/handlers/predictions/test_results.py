"""A prediction on a screen: waiting, answered, paid back, of a model that is gone; with the real catalogue."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from db.engine import Database
from db.tables.predictions import ErrorCode, PredictionStatus
from handlers.predictions.screens import prediction_screen
from handlers.predictions.sources import AnswerSources
from handlers.telegram.limits import CAPTION, length
from handlers.telegram.screen import Screen
from services.forecasts.queries import ForecastQueries
from services.models.offers import Models
from services.predictions.history import History
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.unit.handlers.form.samples import STORE
from tests.unit.handlers.predictions.bench import CATALOGUES, view

WINE = {"outputs": {"cultivar": {"value": "barolo", "probabilities": {"barolo": 0.9, "grignolino": 0.1}}}, "advice": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    models: Models
    history: History
    forecasts: ForecastQueries

    async def screen(self, language: str = "ru", page: int | None = None, **columns: Any) -> Screen:
        """Any: the columns' values."""
        shown = view(**{"model_slug": "wine"} | columns)
        sources = AnswerSources(
            models=self.models, history=self.history, forecasts=self.forecasts, tr=CATALOGUES[language]
        )
        return await prediction_screen(shown, sources, balance=900, page=page)


@pytest.fixture
async def shelf(sqlite_database: Database, clock: FakeClock) -> Shelf:
    models = Models(sqlite_database, clock, STORE)
    await models.sync()
    history = History(sqlite_database, files_of(sqlite_database, clock))
    return Shelf(models=models, history=history, forecasts=ForecastQueries(sqlite_database))


def actions(screen: Screen) -> list[str]:
    return [button.action for row in screen.rows for button in row]


async def test_answered(shelf: Shelf) -> None:
    screen = await shelf.screen(result=WINE, inputs={"alcohol": 13.5})
    assert screen.photo is not None
    assert Image.open(io.BytesIO(screen.photo)).width == 1080
    assert length(screen.text) <= CAPTION
    assert screen.text.startswith("🍷 <b>Сорт вина по анализу</b>\n<i>Алкоголь: 13,5 %</i>\n\nВино: <b>Бароло</b>")
    assert screen.text.endswith("<i>1,00 кредит · 21.11.2026 13:40 · баланс 9,00</i>")
    assert actions(screen)[:2] == ["again:00000000000000000000000000000005", "change:00000000000000000000000000000005"]


async def test_answered_in_english_from_the_history(shelf: Shelf) -> None:
    screen = await shelf.screen("en", page=3, result=WINE, price=0)
    assert screen.text.endswith("<i>free · 2026-11-21 13:40</i>"), "today's balance is not that of then"
    assert actions(screen)[-1] == "history:predictions:3"


@pytest.mark.parametrize(("status", "words"), [(PredictionStatus.QUEUED, "⏳ Ждёт"), (PredictionStatus.RUNNING, "⚙️")])
async def test_unfinished(shelf: Shelf, status: PredictionStatus, words: str) -> None:
    screen = await shelf.screen(status=status, result=None, finished_at=None)
    assert words in screen.text
    assert not any(action.startswith(("again", "change")) for action in actions(screen))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RunTimeout", "Модель не ответила за 5 с."),
        ("BlankImage", "На картинке ничего не нарисовано"),
        ("ImageTooLarge", "Модель не смогла ответить."),
        ("RunLost", "Модель не смогла ответить."),
        ("Callable", "Модель не смогла ответить."),
        (None, "Модель не смогла ответить."),
    ],
)
async def test_paid_back(shelf: Shelf, code: str | None, words: str) -> None:
    screen = await shelf.screen(status=PredictionStatus.FAILED, result=None, error_code=code and ErrorCode(code))
    assert words in screen.text
    assert "<b>1,00 кредит</b>" in screen.text
    assert "9,00" in screen.text
    assert screen.photo is None


async def test_a_free_one_that_failed(shelf: Shelf) -> None:
    screen = await shelf.screen("en", status=PredictionStatus.FAILED, result=None, price=0)
    assert "Returned" not in screen.text


async def test_a_model_that_is_gone(shelf: Shelf) -> None:
    screen = await shelf.screen("en", model_slug="gone", result=WINE)
    assert "This model has left the shop" in screen.text
    assert not any(action.startswith("again") for action in actions(screen))


async def test_a_result_of_an_older_version(shelf: Shelf) -> None:
    screen = await shelf.screen(
        result={"outputs": {"unheard": 1}, "advice": 99}, inputs={"unheard": 1, "alcohol": "strong"}
    )
    assert "strong" in screen.text
    assert screen.photo is None
