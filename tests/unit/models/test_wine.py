"""The wine model on wines of its data."""

import pytest

from services.manifests.manifest import NumberInput
from tests.unit.models.runs import Model

# The wine of each cultivar that is nearest to its cultivar's mean, in the order of the form.
WINES = {
    "barolo": (14.1, 2.02, 2.4, 18.8, 103, 2.75, 2.92, 0.32, 2.38, 6.2, 1.07, 2.75, 1060),
    "grignolino": (12.42, 1.61, 2.19, 22.5, 108, 2, 2.09, 0.34, 1.61, 2.06, 1.06, 2.96, 345),
    "barbera": (13.4, 3.91, 2.48, 23, 102, 1.8, 0.75, 0.43, 1.41, 7.3, 0.7, 1.56, 750),
}
# A Grignolino that leave-one-out took for a Barbera (row 68 of the data).
DOUBTFUL = (13.34, 0.94, 2.36, 17, 110, 2.53, 1.3, 0.55, 0.42, 3.17, 1.02, 1.93, 750)
LEAST = (11.03, 0.74, 1.36, 10.6, 70, 0.98, 0.34, 0.13, 0.41, 1.28, 0.48, 1.27, 278)
GREATEST = (14.83, 5.8, 3.23, 30, 162, 3.88, 5.08, 0.66, 3.58, 13, 1.71, 4, 1680)


@pytest.fixture(scope="module")
def wine() -> Model:
    return Model("wine")


def form(wine: Model, values: tuple[float, ...]) -> dict[str, float]:
    return dict(zip((field.name for field in wine.manifest.inputs), values, strict=True))


@pytest.mark.parametrize("cultivar", WINES)
def test_names_a_typical_wine_and_is_sure(wine: Model, cultivar: str) -> None:
    answer = wine.answers(form(wine, WINES[cultivar]))["cultivar"]
    assert answer["value"] == cultivar
    assert answer["probabilities"][cultivar] > 0.95
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_each_cultivar_has_advice_of_its_own(wine: Model) -> None:
    advice = {wine.advice(wine.result(form(wine, values))) for values in WINES.values()}
    assert len(advice) == 3
    assert None not in advice


def test_says_when_it_is_not_sure(wine: Model) -> None:
    advice = wine.advice(wine.result(form(wine, DOUBTFUL)))
    assert advice is not None
    assert advice.startswith("The model is not sure")


def test_ranges_have_room_for_the_data_and_more(wine: Model) -> None:
    for field, least, greatest in zip(wine.manifest.inputs, LEAST, GREATEST, strict=True):
        assert isinstance(field, NumberInput)
        assert field.min is not None
        assert field.max is not None
        assert field.min < least
        assert greatest < field.max
        assert field.default is not None
        assert least < field.default < greatest
