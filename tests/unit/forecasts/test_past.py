"""Past forecasts of a file are judged as the shop's own are."""

from pathlib import Path

import pytest

from bot.cli.models_forecasts import check_forecasts
from services.forecasts.past import BadForecasts, judge_file
from services.manifests.manifest import load_manifest

RISK = Path("models_store/investment-risk")
HEAD = "day,p_drawdown,q05,band_low,band_high,worst,change"


def written(folder: Path, *lines: str) -> Path:
    file = folder / "past.csv"
    file.write_text("\n".join([HEAD, *lines, ""]), "utf-8")
    return file


def test_figures_are_those_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"2020-01-{n:02},0.2,-6,-7,8,{-9 if n <= 6 else -1},{-8 if n <= 3 else 2}" for n in range(1, 31)]
    drawdown, case, band = judge_file(written(tmp_path, *lines), load_manifest(RISK))
    assert (drawdown.count, drawdown.came, case.came, band.came) == (30, 6, 3, 27)
    assert drawdown.score == pytest.approx((6 * 0.64 + 24 * 0.04) / 30)
    assert case.score == pytest.approx((3 * 2 * 0.95 + 27 * 8 * 0.05) / 30)
    assert check_forecasts(RISK, tmp_path / "past.csv") == 0
    told = capsys.readouterr().out
    assert "(Brier score): 0.1600" in told
    assert "said  20.0%  came  20.0%" in told


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2020-01-01,1.2,-6,-7,8,-1,2", "line 2: p_drawdown is no probability"),
        ("2020-01-01,0.2,-6,-7,8,much,2", "line 2: worst is no number"),
        ("2020-01-01,0.2,-6,-7,8,-1", "line 2: change is no number"),
        ("2020-01-01,0.2,nan,-7,8,-1,2", "line 2: q05 is no number"),
        ("2020-01-01,0.2,1e300,-7,8,-1,2", "line 2: q05 is no number"),
        ("2020-01-01,0.2,1_0,-7,8,-1,2", "line 2: q05 is no number"),
        ("2020-01-01,0.2,-6,9,8,-1,2", "line 2: the lower end of band is over the upper one"),
        ("2020-01-01,0.2,-6,-7,8,3,2", "line 2: worst is over change"),
        ("", "it has no forecasts"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(BadForecasts, match=problem):
        judge_file(written(tmp_path, line), load_manifest(RISK))


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text("p_drawdown,worst\n", "utf-8")
    with pytest.raises(BadForecasts, match="columns are missing: change, q05, band_low, band_high"):
        judge_file(file, load_manifest(RISK))


@pytest.mark.parametrize("content", ["p_drawdown".encode("utf-16"), "прогноз,цена".encode("cp1251"), b"a" * 200_000])
def test_what_is_no_csv_is_told_in_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "past.csv"
    file.write_bytes(content)
    with pytest.raises(BadForecasts, match=r"no CSV in UTF-8|columns are missing"):
        judge_file(file, load_manifest(RISK))
