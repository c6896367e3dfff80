"""An answer's messages: all of its text comes, in order and once, whatever is said meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import pytest

from db.tables.chats import FinishReason, MessageStatus
from handlers.chats.answer import AnswerPart, answer_part
from i18n.translator import Catalogues, Translator
from services.chats.answers import AnswerView
from services.chats.next_cost import NextCost

TR: Final = Catalogues()["en"]
DEAR: Final = NextCost(most=123, dear=True)
Foot = tuple[bool, int, NextCost | None, Translator]


def answer(text: str, *, latest: bool = True, said: str | None = None) -> AnswerView:
    return AnswerView(
        id=uuid4(),
        session_id=uuid4(),
        user_id=1,
        model_slug="sage",
        preset_id=None,
        question_id=uuid4(),
        question="Why?" if said is None else said,
        heard=said is not None,
        text=text,
        status=MessageStatus.SUCCEEDED,
        finish=FinishReason.STOP,
        estimated=False,
        hold=20,
        price=12,
        fixed_price=0,
        free=False,
        error_code=None,
        replaced=False,
        shortened=False,
        latest=latest,
        place=None,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        finished_at=None,
    )


def words(size: int) -> str:
    return "".join(f"word{number:05} " for number in range(size // 10 + 1))[: size - 1] + "."


def came(text: str, feet: Sequence[Foot]) -> list[AnswerPart]:
    """Message by message; each is made as things stand then, the last of `feet` from there on."""
    parts: list[AnswerPart] = []
    while not parts or not parts[-1].last:
        latest, balance, coming, tr = feet[min(len(parts), len(feet) - 1)]
        parts.append(answer_part(answer(text, latest=latest), len(parts), balance, coming, tr))
    return parts


@pytest.mark.parametrize("size", [10, 3950, 4000, 4010, 4030, 4050, 4075, 4095, 4096, 4097, 8150, 12_300])
def test_a_foot_that_changes_between_two_messages_takes_no_words(size: int) -> None:
    long: Foot = (True, 987, DEAR, TR)
    short: Foot = (False, 5, None, TR)
    russian: Foot = (True, 123_456_789, DEAR, Catalogues()["ru"])
    for feet in (
        [long],
        [short],
        [long, short],
        [short, long],
        [long, short, long],
        [short, russian],
        [russian, short],
    ):
        parts = came(words(size), feet)
        told = "".join(part.screen.text for part in parts)
        assert [word for word in words(size).split() if told.count(word) != 1] == []
        assert sum("12 credits" in part.screen.text or "12 кредит" in part.screen.text for part in parts) == 1
        assert all(len(part.screen.text) <= 4096 for part in parts)
        assert (parts[-1].shown, parts[-1].whole) == (parts[0].whole, parts[0].whole)
        assert [bool(part.screen.rows) for part in parts[:-1]] == [False] * (len(parts) - 1)


def test_a_foot_that_does_not_fit_comes_alone_with_the_buttons() -> None:
    text, foot = came(words(4090), [(True, 987, None, TR)])
    assert (text.screen.text, text.screen.rows) == (words(4090), ())
    assert foot.screen.text == "0.12 credits · balance 9.87"
    assert [each.type for each in foot.screen.entities or ()] == ["italic"]
    assert [button.text for row in foot.screen.rows for button in row] == ["🔁 Again"]
    assert (text.shown, text.whole, foot.shown) == (4090, 4090, 4090)


def test_below_a_message_of_an_older_split_the_foot_comes() -> None:
    """A message that there is no more, of a shop that was updated between two, is no reason to keep the price back."""
    assert answer_part(answer("Short."), 3, 987, None, TR).screen.text == "0.12 credits · balance 9.87"


def test_what_was_heard_is_repeated_in_one_quiet_line() -> None:
    screen = answer_part(answer("Because.", said="Why\nis  it so?"), 0, 0, None, TR).screen
    assert screen.text == "Because.\n\n🎙 You said: “Why is it so?”\n0.12 credits · balance 0.00"
    long = answer_part(answer("Because.", said="why " * 200), 0, 0, None, TR).screen.text
    assert 200 < len(long) < 300
