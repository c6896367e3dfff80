"""Which column answers which input."""

from services.manifests.manifest import Input
from services.scoring.matching import likely, match
from tests.unit.inference.models import field


def asked(name: str, **labels: str) -> Input:
    made: Input = field("number", name=name, label=labels or {"en": name.title()})
    return made


ASH, HUE = asked("ash", en="Ash", ru="Зола"), asked("hue_of_wine", en="Hue", ru="Оттенок")


def test_by_name_or_label_in_any_language_and_any_order() -> None:
    ways: tuple[list[str], ...] = (
        ["hue_of_wine", "ash"],
        ["Hue", "ASH "],
        ["оттенок", "Зола"],
        ["Hue", "id", "Зола, г/л"],
        ["Hue [°]", "Ash (g/L)"],
    )
    for headings in ways:
        found = match([ASH, HUE], headings)
        assert found.columns == {"hue_of_wine": 0, "ash": len(headings) - 1}, headings
        assert (found.unclear, found.by_order) == ({}, False)


def test_by_order_where_no_name_is_known_and_the_counts_agree() -> None:
    found = match([ASH, HUE], ["A", "B"])
    assert (dict(found.columns), found.by_order, found.header) == ({"ash": 0, "hue_of_wine": 1}, True, True)
    bare = match([ASH, HUE], ["2.4", "1,1"])
    assert (dict(bare.columns), bare.header) == ({"ash": 0, "hue_of_wine": 1}, False)


def test_what_is_not_there_or_there_twice_is_asked() -> None:
    found = match([ASH, HUE], ["Ash", "Hue", "Hue", "X"])
    assert dict(found.columns) == {"ash": 0}
    assert dict(found.unclear) == {"hue_of_wine": [1, 2]}
    assert dict(match([ASH, HUE], ["Ash", "X", "Y"]).unclear) == {"hue_of_wine": []}


def test_one_column_is_not_taken_for_two_inputs() -> None:
    twin = asked("ash2", en="Ash")
    assert set(match([ASH, twin], ["Ash", "Other"]).unclear) == {"ash", "ash2"}


def test_likely_columns_are_offered_first() -> None:
    headings = ["id", "Содержание золы", "", "note", "Зола общая", "x"]
    samples = [["a1", "2,4", "", "fine", "2.4", ""], ["a2", "2,5", "", "", "", "7"]]
    assert likely(ASH, headings, samples, range(6)) == [1, 4, 5, 0, 3]
    assert likely(ASH, ["", ""], [["", ""]], range(2)) == [0, 1], "where nothing stands anywhere all may be chosen"
