"""What runs is what was tested: the lock files name the same releases."""

import re
from pathlib import Path

import pytest

LOCKS = Path(__file__).parents[2] / "requirements"


def _releases(name: str) -> dict[str, str]:
    text = (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["base", "server", "train"])
def test_releases_are_those_that_the_tests_run_on(name: str) -> None:
    tested, locked = _releases("dev"), _releases(name)
    both = tested.keys() & locked.keys()

    assert len(both) > 50
    assert {each: locked[each] for each in both} == {each: tested[each] for each in both}
