"""The answer of a forecast keeps within a caption what matters: paper, numbers, when it is judged or what came."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest

from handlers.predictions.answer import Answered
from handlers.telegram.limits import CAPTION, length
from i18n.translator import Html
from services.forecasts.queries import ForecastView, OutcomeView
from services.manifests.manifest import load_manifest
from tests.support.forecasts import said
from tests.support.risk_shop import RISK, live_inputs
from tests.support.stores import STORE
from tests.unit.handlers.predictions.bench import AT, CATALOGUES, view

MANIFEST = load_manifest(STORE / RISK)
OUTPUTS = {
    "p_drawdown": 0.35,
    "value_at_risk": 1_053_234.12,
    "q05": -6.6,
    "q50": 1.2,
    "volatility": 34.2,
    "share_to_sell": 35.0,
    "given_up": 635.5,
    "stop_price": 1246.58,
    "p_stop": 0.12,
    "put_strike": 1246.6,
    "put_cost": 15_635.96,
    "band": [[250.0, 270.0, 290.0]] * 21,
}
JUDGED = [OutcomeView(said=each, came=False, observed=-3.5, void=None) for each in said()]
FOOTER = Html("<i>2,00 credits</i>")


def answered(language: str, advice: int, outcomes: Sequence[OutcomeView]) -> str:
    forecast = ForecastView(
        id=1,
        prediction_id=UUID(int=5),
        model_slug=RISK,
        symbol="SBER",
        name="Paper SBER",
        last_day=dt.date(2026, 11, 27),
        last_close=270.0,
        horizon=21,
        made_at=AT,
        due_on=None if outcomes else dt.date(2026, 12, 28),
        told=True,
        until=dt.date(2026, 12, 28) if outcomes else None,
        outcomes=outcomes,
    )
    shown = view(model_slug=RISK, inputs=live_inputs(), result={"outputs": OUTPUTS, "advice": advice})
    heading = Html("📉 <b>Investment risk for a month</b>")
    tr = CATALOGUES[language]
    return (
        Answered(view=shown, manifest=MANIFEST, heading=heading, footer=FOOTER, tr=tr, forecast=forecast)
        .fullest(CAPTION)
        .text
    )


@pytest.mark.parametrize("advice", range(len(MANIFEST.advice)))
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("outcomes", [[], JUDGED], ids=["waits", "judged"])
def test_nothing_that_matters_is_cut(language: str, advice: int, outcomes: list[OutcomeView]) -> None:
    text, tr = answered(language, advice, outcomes), CATALOGUES[language]
    assert length(text) <= CAPTION
    assert "SBER (Paper SBER)" in text
    assert all(tr.pick(output.label) in text for output in MANIFEST.outputs)
    assert tr.date(dt.date(2026, 12, 28)) in text
    assert text.endswith(FOOTER)
