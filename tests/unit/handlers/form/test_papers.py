"""A paper answers a series: what is typed may name one, several are chosen from, odd prices are looked at first."""

import datetime as dt
from typing import Any

import pytest

from handlers.form.found import answer_prices, offer_papers
from handlers.form.state import Form, FormExit, Turn
from services.market.origin import PriceOrigin
from services.market.prices import ClosingPrices, Instrument, PriceJump, StockSplit
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value
from tests.unit.handlers.form.samples import EVERYTHING, manifest
from tests.unit.handlers.form.walk import Walk

SERIES: dict[str, Any] = EVERYTHING[6] | {"live": [{"provider": "moex"}]}
SBER = Instrument(provider="moex", symbol="SBER", name="Сбербанк", exchange="TQBR")
SBERP = Instrument(provider="moex", symbol="SBERP", name="Сбербанк-п", exchange="TQBR")
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=each) for each in range(12)]
NOW = dt.datetime(2026, 1, 13, tzinfo=dt.UTC)


def prices(**told: Any) -> Value:
    closes = ClosingPrices(
        instrument=SBER, days=DAYS, values=[float(each) for each in range(20, 32)], fetched_at=NOW, **told
    )
    return {"values": list(closes.values[-10:]), "live": PriceOrigin.of(closes.last(10)).dump()}


def asked(language: str = "ru") -> Walk:
    return Walk(Form.of(manifest([SERIES])), language)


def turned(walk: Walk, turn: Turn) -> Walk:
    walk.turn = turn
    return walk


@pytest.mark.parametrize("typed", ["SBER", "сбербанк", "RU0009029540", 'ПАО "Газпром"'])
def test_what_may_name_a_paper_is_looked_up(typed: str) -> None:
    walk = asked().says(typed)
    assert (walk.turn.outcome, walk.turn.given) == (FormExit.LOOK_UP, typed)


@pytest.mark.parametrize("typed", ["1 2 3", "12", "a" * 65, "нет\nтакой", "…"])
def test_numbers_and_long_texts_are_no_names(typed: str) -> None:
    assert asked().says(typed).turn.outcome is None


def test_prices_of_ones_own_are_taken_as_before() -> None:
    assert asked().says(" ".join(map(str, range(1, 11)))).answers == {"series": [float(n) for n in range(1, 11)]}


def test_of_several_one_is_chosen() -> None:
    walk = asked()
    turned(walk, offer_papers(walk.state, [SBER, SBERP])).sees("Какая из них?")
    assert walk.buttons[:2] == ["SBER · Сбербанк · TQBR", "SBERP · Сбербанк-п · TQBR"]
    walk.presses("SBERP")
    assert (walk.turn.outcome, walk.turn.paper) == (FormExit.PAPER, SBERP)


def test_back_asks_the_question_again() -> None:
    walk = asked()
    turned(walk, offer_papers(walk.state, [SBER, SBERP])).presses("Назад").sees("Цены")
    assert walk.state.papers is None


def test_another_name_may_be_typed_meanwhile() -> None:
    walk = asked()
    turned(walk, offer_papers(walk.state, [SBER, SBERP])).says("GAZP")
    assert (walk.turn.outcome, walk.turn.given) == (FormExit.LOOK_UP, "GAZP")


def test_the_summary_names_the_paper_and_its_days() -> None:
    walk = asked()
    turned(walk, answer_prices(walk.form, walk.state, prices()))
    walk.sees("SBER (Сбербанк), 10 цен с 03.01.2026 по 12.01.2026")
    assert Walk(walk.form, answers=walk.answers).sees("10 цен с").answers == walk.answers


def test_old_prices_and_splits_are_told() -> None:
    split = StockSplit(day=DAYS[5], before=1, after=100)
    walk = asked("en")
    turned(walk, answer_prices(walk.form, walk.state, prices(stale=True))).sees("the exchange does not answer")
    walk = asked("en")
    turned(walk, answer_prices(walk.form, walk.state, prices(splits=[split]))).sees("a split is divided out")


def test_a_jump_is_looked_at_first() -> None:
    walk = asked()
    turned(walk, offer_papers(walk.state, [SBER], [PriceJump(day=DAYS[4], change=-0.62)]))
    walk.sees("Цена SBER резко изменилась", "05.01.2026: −62 % за день")
    assert walk.buttons == ["Всё равно взять", "‹ Назад", "✖ Отмена"]
    walk.presses("Всё равно взять")
    assert walk.turn.paper == SBER


def test_papers_taken_before_are_offered() -> None:
    walk = asked()
    walk.turn = Turn(state=type(walk.state)(**{**_fields(walk.state), "favourites": (SBERP,)}))
    assert walk.buttons[0] == "⭐ SBERP · Сбербанк-п"
    walk.presses("SBERP")
    assert (walk.turn.outcome, walk.turn.paper) == (FormExit.PAPER, SBERP)


@pytest.mark.parametrize(
    "live",
    [{}, {"provider": "moex"}, "SBER", {"provider": "moex", "symbol": "SBER", "first": "yesterday"}],
)
def test_an_origin_that_nobody_wrote_is_no_answer(live: object) -> None:
    with pytest.raises(InvalidValue):
        check_value(manifest([SERIES]).inputs[0], {"values": [1.0] * 10, "live": live})


def test_a_model_without_live_prices_takes_none() -> None:
    with pytest.raises(InvalidValue):
        check_value(manifest([EVERYTHING[6]]).inputs[0], prices())


def _fields(state: Any) -> dict[str, Any]:
    return {name: getattr(state, name) for name in type(state).__slots__}
