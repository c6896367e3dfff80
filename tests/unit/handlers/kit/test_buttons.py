"""Callback data is input from strangers."""

from uuid import uuid4

import pytest
from aiogram.types import CallbackQuery, User

from handlers.kit import buttons
from handlers.kit.filters import Pressed
from i18n.translator import Catalogues

EN = Catalogues()["en"]


@pytest.mark.parametrize("text", ["", "-1", "x", "1.0", "٣", "1_0", " 1", "9999999", "1e3", "²"])
def test_pages_that_are_none(text: str) -> None:
    assert buttons.parse_page(text) == 0


def test_pages() -> None:
    assert buttons.parse_page("0") == 0
    assert buttons.parse_page("999999") == 999_999


@pytest.mark.parametrize("text", ["", "-1", "x", "1.0", "٣", "1_0", " 1", "1e3", "²", "1" + "0" * 18])
def test_numbers_that_are_none(text: str) -> None:
    assert buttons.parse_number(text) is None


def test_numbers() -> None:
    assert buttons.parse_number("0") == 0
    assert buttons.parse_number("9" * 18) == 10**18 - 1
    assert buttons.parse_number("11", most=10) is None


@pytest.mark.parametrize("text", ["", "0", "-5", "x", str(2**52), "9" * 30])
def test_telegram_ids_that_are_nobodys(text: str) -> None:
    assert buttons.parse_telegram_id(text) is None


def test_telegram_ids() -> None:
    assert buttons.parse_telegram_id("1") == 1
    assert buttons.parse_telegram_id(str(2**52 - 1)) == 2**52 - 1


@pytest.mark.parametrize("text", ["", "7", "g" * 32, "0" * 31, "{" + "0" * 30 + "}", "urn:uuid:" + "0" * 23, "1-" * 16])
def test_ids_that_are_none(text: str) -> None:
    assert buttons.parse_id(text) is None


def test_ids_come_back() -> None:
    prediction_id = uuid4()
    name, hex_id, page = buttons.prediction_action(prediction_id, 3).split(":")
    assert (name, buttons.parse_id(hex_id), page) == (buttons.PREDICTION, prediction_id, "3")


def test_arrows_do_not_jump() -> None:
    """Three buttons on every page, and the idle ones stay on it."""
    for page, actions in ((0, ["p0", "p0", "p1"]), (1, ["p0", "p1", "p2"]), (2, ["p1", "p2", "p2"])):
        row = buttons.pages_row(EN, page=page, pages=3, action=lambda n: f"p{n}")
        assert [button.action for button in row] == actions
    assert buttons.pages_row(EN, page=0, pages=1, action=str) == ()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("menu", {"argument": ""}),
        ("menu:1:2", {"argument": "1:2"}),
        ("menus", False),
        ("Menu", False),
        ("", False),
        (None, False),
    ],
)
async def test_presses(data: str | None, found: bool | dict[str, str]) -> None:
    query = CallbackQuery(id="1", from_user=User(id=1, is_bot=False, first_name="A"), chat_instance="1", data=data)
    assert await Pressed("menu", "help")(query) == found
