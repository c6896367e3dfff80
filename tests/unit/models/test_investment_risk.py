"""The investment-risk model: properties that must hold for any prices, and what it says of calm and restless ones."""

import csv
import math
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from services.inference.tensors import Row
from services.manifests.manifest import SeriesInput
from tests.unit.models.runs import Model

Answers = dict[str, Any]  # Any: floats and a band


@pytest.fixture(scope="module")
def risk() -> Model:
    return Model("investment-risk")


def walk(volatility: float, *, seed: int = 7, start: float = 100.0) -> list[float]:
    """253 closes of a random walk without drift; volatility is annual."""
    steps = np.random.default_rng(seed).normal(0, volatility / math.sqrt(252), 252)
    prices: list[float] = (start * np.exp(np.concatenate([[0], np.cumsum(steps)]))).tolist()
    return prices


ODD = {
    "constant": [5.0] * 253,
    "steady growth": np.linspace(1, 2, 253).tolist(),
    "collapse": np.linspace(1e6, 1, 253).tolist(),
    "one to a million and back": [1.0, 1e6] * 126 + [1.0],
    "tiny": walk(0.5, start=1e-9),
    "huge": walk(0.5, start=1e11),
}
WALKS = {f"volatility {v:g}, {s}": walk(v, seed=s) for v in (0.05, 0.2, 0.6, 2.0) for s in range(4)}


@pytest.fixture(scope="module")
def answers(risk: Model) -> dict[str, tuple[list[float], Answers]]:
    prices = ODD | WALKS
    results = risk.results(*(Row(values={"prices": p, "amount": 1000.0, "limit": 10.0}) for p in prices.values()))
    return {name: (p, result.outputs) for (name, p), result in zip(prices.items(), results, strict=True)}


@pytest.mark.parametrize("name", [*ODD, *WALKS])
class TestAnyPrices:
    def test_numbers_are_finite_and_possible(self, answers: dict[str, tuple[list[float], Answers]], name: str) -> None:
        _, answer = answers[name]
        assert np.isfinite(answer["band"]).all()
        assert 0 <= answer["p_drawdown"] <= 1
        assert answer["volatility"] > 0
        assert 0 <= answer["value_at_risk"] <= 1000

    def test_quantiles_never_cross_and_the_band_widens(
        self, answers: dict[str, tuple[list[float], Answers]], name: str
    ) -> None:
        prices, answer = answers[name]
        band = np.array(answer["band"])
        assert band.shape == (21, 3)
        assert (np.diff(band, axis=1) > 0).all()
        assert (np.diff(np.log(band[:, 2] / band[:, 0])) > 0).all()
        assert answer["q05"] < answer["q50"]
        assert band[-1, :2] == pytest.approx([prices[-1] * (1 + answer[q] / 100) for q in ("q05", "q50")])
        assert answer["value_at_risk"] == pytest.approx(1000 * max(0.0, -answer["q05"] / 100))


@pytest.mark.parametrize("factor", [10.0, 0.001, 37.5])
def test_the_currency_of_the_prices_does_not_matter(risk: Model, factor: float) -> None:
    prices = walk(0.3)
    one = risk.answers({"prices": prices, "amount": 500.0, "limit": 10.0})
    other = risk.answers({"prices": [price * factor for price in prices], "amount": 500.0, "limit": 10.0})
    for name in ("p_drawdown", "q05", "q50", "volatility", "value_at_risk"):
        assert other[name] == pytest.approx(one[name], rel=1e-9)
    assert np.array(other["band"]) == pytest.approx(np.array(one["band"]) * factor)


def test_value_at_risk_grows_with_the_amount(risk: Model) -> None:
    prices = walk(0.3)
    one, many = (
        risk.answers({"prices": prices, "amount": amount, "limit": 10.0})["value_at_risk"] for amount in (1.0, 1e9)
    )
    assert many == pytest.approx(one * 1e9)


def test_restless_prices_are_riskier(risk: Model) -> None:
    calm, usual, wild = (risk.answers({"prices": walk(v), "amount": 1.0, "limit": 10.0}) for v in (0.08, 0.2, 0.6))
    assert calm["p_drawdown"] < usual["p_drawdown"] < wild["p_drawdown"]
    assert calm["q05"] > usual["q05"] > wild["q05"]


@pytest.mark.parametrize("volatility", [0.1, 0.2, 0.4])
def test_volatility_is_about_what_it_was(risk: Model, volatility: float) -> None:
    values = [
        risk.answers({"prices": walk(volatility, seed=seed), "amount": 1.0, "limit": 10.0})["volatility"]
        for seed in range(10)
    ]
    assert 0.75 * volatility < np.mean(values) / 100 < 1.35 * volatility


@pytest.mark.parametrize(
    ("volatility", "limit", "begins"),
    [
        (0.08, 10.0, "The market is calm"),
        (0.15, 10.0, "The risk is usual"),
        (0.3, 40.0, "The risk is raised"),
        (0.3, 10.0, "In a bad case the loss goes over your limit"),
        (1.0, 10.0, "The price swings far more"),
    ],
)
def test_advice_follows_the_risk_and_the_limit(risk: Model, volatility: float, limit: float, begins: str) -> None:
    advice = risk.advice(risk.result({"prices": walk(volatility), "amount": 1.0, "limit": limit}))
    assert advice is not None
    assert advice.startswith(begins)
    assert advice.endswith("This is not investment advice.")


def test_every_answer_has_advice_and_every_advice_is_met(risk: Model) -> None:
    rows = [(walk(v), limit) for v in (0.05, 0.15, 0.3, 1.0) for limit in (10.0, 40.0)]
    rows += [(prices, 10.0) for prices in WALKS.values()]
    results = risk.results(*(Row(values={"prices": p, "amount": 1.0, "limit": limit}) for p, limit in rows))
    assert {result.advice for result in results} == set(range(len(risk.manifest.advice)))


ALPHA, BETA = 0.0708, 0.9233  # as train.py prints them


@pytest.mark.parametrize("name", [*WALKS])
def test_its_volatility_is_garch_step_by_step(answers: dict[str, tuple[list[float], Answers]], name: str) -> None:
    prices, answer = answers[name]
    returns = np.diff(np.log(prices))
    usual = float((returns**2).mean())
    variance = usual
    for step in returns:
        variance = (1 - ALPHA - BETA) * usual + ALPHA * step**2 + BETA * variance
    coming = [variance := variance if day == 0 else usual + (ALPHA + BETA) * (variance - usual) for day in range(21)]
    assert answer["volatility"] == pytest.approx(100 * math.sqrt(252 * np.mean(coming)), rel=1e-9)


@pytest.mark.parametrize("limit", [0.5, 5.0, 10.0, 40.0, 90.0])
@pytest.mark.parametrize("volatility", [0.1, 0.3, 0.8])
def test_what_caps_the_loss_keeps_the_limit(risk: Model, volatility: float, limit: float) -> None:
    prices = walk(volatility)
    answer = risk.answers({"prices": prices, "amount": 1000.0, "limit": limit})
    today, kept = prices[-1], 1 - limit / 100
    assert answer["stop_price"] == pytest.approx(today * kept)
    left = 1 - answer["share_to_sell"] / 100
    assert left * answer["value_at_risk"] <= 1000 * limit / 100 + 1e-6
    strike, cost = answer["put_strike"] / today, answer["put_cost"] / 1000
    unit = answer["volatility"] / 100 * math.sqrt(21 / 252)
    above = -math.log(strike) / unit + unit / 2
    normal = NormalDist().cdf
    assert cost == pytest.approx(strike * normal(unit - above) - normal(-above), abs=1e-6), "Black and Scholes"
    if strike < 2:
        assert strike - cost == pytest.approx(kept, abs=1e-4), "the worst case, the option's cost counted"


def test_a_nearer_stop_is_reached_more_often(risk: Model) -> None:
    told = [risk.answers({"prices": walk(0.3), "amount": 1.0, "limit": limit}) for limit in (2.0, 5.0, 10.0, 30.0)]
    chances = [each["p_stop"] for each in told]
    assert chances == sorted(chances, reverse=True)
    assert told[1]["p_stop"] == pytest.approx(told[1]["p_drawdown"]), "a stop 5 % below is the fall of 5 %"


def test_sources_are_long_enough_and_say_how_old_they_are(risk: Model) -> None:
    field = risk.manifest.input("prices")
    assert isinstance(field, SeriesInput)
    assert {source.value for source in field.sources} == {"sp500", "nasdaq"}
    for source in field.sources:
        with (risk.folder / source.file).open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) >= 500
        days = [date.fromisoformat(row["date"]) for row in rows]
        assert days == sorted(set(days))
        assert f"{days[-1]:%d.%m.%Y}" in source.label.pick("ru")
        assert f"{days[-1]:%d %b %Y}" in source.label.pick("en")
        assert 0 < risk.answers({"prices": {"source": source.value}, "amount": 1.0, "limit": 10.0})["p_drawdown"] < 1
