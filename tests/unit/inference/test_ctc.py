"""Texts that a graph reads step by step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.inference.errors import BadOutput
from services.inference.runtimes.tensor_results import Reader
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import Manifest, load_manifest
from tests.unit.inference.models import identity, write_model

LINES = '[[inputs]]\nname = "x"\ntype = "number"\nlabel = "X"\ntensor = { name = "X" }\n'
SURE = '[[outputs]]\nname = "sure"\ntype = "probability"\nlabel = "Sure"\ntensor = "Y"\nof = "y"\n'
ALPHABET = "к\nо\nт\n \n"
BLANK = 0
SPELLED = (1, 1, BLANK, 2, 2, 3, BLANK, 4, 1, 2, BLANK, 2)  # к · о т · ␣ к о · о


def manifest(root: Path, more: str = "", sure: str = SURE) -> Manifest:
    text = f'[[outputs]]\nname = "y"\ntype = "text"\nlabel = "Y"\ntensor = "Y"\ndecode = "ctc"\n{more}\n'
    folder = write_model(root, identity(), LINES + text + sure)
    (folder / "characters.txt").write_text(ALPHABET, encoding="utf-8")
    return load_manifest(folder)


def scores(*columns: int, share: float = 0.9) -> Any:
    """Of each step: `share` for one of five columns, the rest for the others."""
    steps = np.full((len(columns), 5), (1 - share) / 4, np.float32)
    steps[np.arange(len(columns)), columns] = share
    return steps


def read(told: Manifest, tensor: Any, rows: int) -> list[Any]:
    given = Reader(told).results({"Y": tensor}, [Row(values={})] * rows)
    return [answer.outputs if isinstance(answer, Result) else answer for answer in given]


def test_repeated_characters_are_one_and_blanks_none(tmp_path: Path) -> None:
    told = manifest(tmp_path, 'characters = "characters.txt"')
    batch = np.stack([scores(*SPELLED), scores(*[BLANK] * len(SPELLED))])
    assert read(told, batch, 2) == [{"y": "кот коо", "sure": pytest.approx(0.9)}, {"y": "", "sure": 0.0}]


def test_steps_may_come_first_and_the_blank_last(tmp_path: Path) -> None:
    told = manifest(tmp_path, 'characters = "characters.txt"\nblank = -1\nlayout = "TNC"')
    batch = np.stack([scores(0, 4, 1, 1, 2), scores(2, 2, 4, 2, 4)], axis=1)
    assert [row["y"] for row in read(told, batch, 2)] == ["кот", "тт"]
    assert read(told, batch[:, 0], 1)[0]["y"] == "кот"


def test_scores_become_probabilities(tmp_path: Path) -> None:
    told = manifest(tmp_path, 'characters = "characters.txt"\nlogits = true')
    assert read(told, np.log(scores(1, share=0.6))[np.newaxis] + 7, 1) == [{"y": "к", "sure": pytest.approx(0.6)}]


def test_another_number_of_columns_is_no_answer(tmp_path: Path) -> None:
    told = manifest(tmp_path, 'characters = "characters.txt"')
    with pytest.raises(BadOutput, match="4 characters and a blank"):
        read(told, np.zeros((1, 3, 9), np.float32), 1)


@pytest.mark.parametrize(
    ("more", "sure", "key"),
    [
        ("", "", "outputs.y.characters"),
        ('characters = "characters.txt"\nblank = 5', "", "outputs.y.blank"),
        ('characters = "none.txt"', "", "outputs.y.characters"),
        ('characters = "characters.txt"', SURE.replace('"y"', '"sure"'), "outputs.sure.of"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, more: str, sure: str, key: str) -> None:
    with pytest.raises(ManifestError) as found:
        manifest(tmp_path, more, sure)
    assert found.value.key == key
