"""What a demo makes of the time that the last one left."""

from pathlib import Path

import pytest

from bot.demo.clock import kept_ahead


def test_it_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    file = tmp_path / "ahead"
    assert kept_ahead(file) == 0.0, "the first one begins today"
    file.write_text("165708.954828", encoding="ascii")
    assert kept_ahead(file) == 165708.954828


@pytest.mark.parametrize("text", ["", "tomorrow", "nan", "inf", "-1", "1e300", "é"])
def test_a_time_that_makes_no_sense_is_today(text: str, tmp_path: Path) -> None:
    file = tmp_path / "ahead"
    file.write_text(text, encoding="utf-8")
    assert kept_ahead(file) == 0.0
