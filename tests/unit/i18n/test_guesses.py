"""What was guessed of a file and changed in it is told in the reader's language, whatever the drafting tools say."""

import re

import pytest

from i18n.guess_sentences import CHANGES, KINDS, REASONS, SETTINGS, TAKEN_FOR
from i18n.guesses import guess_words
from i18n.problems import problem_words
from i18n.translator import Catalogues
from services.authoring.notes import Note
from services.models.uploads.inspection import _lines

RU, EN = Catalogues()["ru"], Catalogues()["en"]


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (
            Note(
                tensor="row",
                what="4 questions, one for each column, answered by a number (3), yes or no (1)",
                why="nothing names them",
                guessed=True,
                options="--features",
            ),
            "row: вопросов: 4, по одному на столбец, ответы: число (3), да или нет (1). Догадка: названий нигде нет",
        ),
        (
            Note(
                tensor="scores",
                what="scores, made probabilities by softmax, of 3 classes",
                why="--labels names them; they do not sum to one as they are",
                guessed=True,
            ),
            "scores: баллы классов (их 3), из которых softmax делает вероятности. "
            "Догадка: названия дали вы; сами по себе они не дают в сумме единицу",
        ),
        (
            Note(tensor="a b", what="a threshold, fed with 0.5", why="its name", guessed=True),
            '"a b": порог, подаётся 0.5. Догадка: по названию',
        ),
    ],
)
def test_words(note: Note, told: str) -> None:
    (line,) = _lines([note])
    assert guess_words(line, RU) == told
    assert "--" not in (guess_words(line, EN) or "--")


@pytest.mark.parametrize("sentence", [*TAKEN_FOR, *KINDS, *REASONS, *SETTINGS, *CHANGES])
def test_each_sentence_is_known(sentence: str) -> None:
    assert re.search("[а-я]", RU.gettext(sentence))


def test_what_is_none_is_left() -> None:
    assert guess_words("onnx.checker: something (odd)", RU) is None
    told = "no output of the graph can be shown: a: left out (it is a sequence of tensors, not one)"
    assert re.search("[a-z]{3}", problem_words(told, RU)) is None
