"""`[[outcomes]]`: what is declared can be judged, and what could not is refused with its fix."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.manifests.complaints import explain
from services.manifests.manifest import Manifest, load_manifest, with_runtime

FOLDER = Path("models_store/investment-risk")


def _told() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))


def test_the_model_of_risk_says_how_it_is_judged() -> None:
    declared = load_manifest(FOLDER).outcomes
    assert [(each.name, each.event, each.output, each.horizon) for each in declared] == [
        ("drawdown", "drawdown", "p_drawdown", 21),
        ("bad_case", "below", "q05", 21),
        ("band", "inside", "band", 21),
    ]
    assert [each.threshold or each.level for each in declared] == [0.05, 0.05, 0.9]
    assert {each.input for each in declared} == {"prices"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"input": "amount"}, "outcomes.drawdown.input"),
        ({"output": "q05"}, "outcomes.drawdown.output"),
        ({"output": "nothing"}, "outcomes.drawdown.output"),
        ({"horizon": 5}, "outcomes.bad_case.horizon"),
        ({"horizon": 0}, "outcomes.drawdown.horizon"),
        ({"threshold": 5}, "outcomes.drawdown.threshold"),
        ({"level": 0.5}, "outcomes.drawdown.level"),
        ({"event": "below"}, "outcomes.drawdown.level"),
        ({"event": "above"}, "outcomes.drawdown.event"),
        ({"name": "band"}, "outcomes.band.name"),
    ],
)
def test_what_could_not_be_judged_is_refused(change: dict[str, Any], key: str) -> None:
    data = _told()
    data["outcomes"][0] |= change
    with pytest.raises(ValidationError) as caught:
        Manifest.model_validate(with_runtime(data))
    assert explain(caught.value, data)[0] == key
