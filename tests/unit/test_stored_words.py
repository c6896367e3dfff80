"""What is stored by name is never renamed: rows of older versions hold these very words."""

from collections.abc import Iterator

import pytest

from db.tables.predictions import ErrorCode
from handlers.predictions.screens import error_of
from services.inference.errors import BadInput, InferenceError, NotADate, NotTried
from services.predictions.error_codes import CODES, code_of


def test_error_codes() -> None:
    assert {code.value for code in ErrorCode} == {
        "ModelUnavailable",
        "ModelBroken",
        "ModelTooNew",
        "OpsetTooNew",
        "RunTimeout",
        "RunFailed",
        "RunLost",
        "BadInput",
        "BadOutput",
        "NotDelivered",
        "InvalidValue",
        "FileTooLarge",
        "NotAnImage",
        "ImageTooLarge",
        "BlankImage",
        "Unexpected",
    }


def _all_below(leaf: type[BaseException]) -> Iterator[type[BaseException]]:
    for each in leaf.__subclasses__():
        yield each
        yield from _all_below(each)


def test_every_error_of_a_run_has_a_code_of_its_own() -> None:
    """But one: a row that was not tried is run again, always."""
    assert set(_all_below(InferenceError)) - CODES.keys() == {NotTried}
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput(name="alcohol"), ErrorCode.BAD_INPUT),
        (NotADate(), ErrorCode.INVALID_VALUE),
        (NotTried(), ErrorCode.MODEL_UNAVAILABLE),
        (ZeroDivisionError(), ErrorCode.UNEXPECTED),
    ],
)
def test_the_nearest_class_gives_the_code(error: Exception, code: ErrorCode) -> None:
    assert code_of(error) is code


@pytest.mark.parametrize("word", ["ValueError", "NotADate", "Anything"])
def test_a_word_that_is_no_code(word: str) -> None:
    assert ErrorCode(word) is ErrorCode.UNEXPECTED


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_has_a_sentence(code: ErrorCode) -> None:
    """One that needs nothing filled in."""
    assert "{" not in error_of(code).message or code is ErrorCode.RUN_TIMEOUT
