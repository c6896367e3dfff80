"""Amounts as people type them: taken exactly, or refused with the bounds, in both languages."""

import pytest

from sandbox.client.person import Person
from tests.conversations.payments.tills import payments
from tests.conversations.stage import Stage

TAKEN = {
    "19.99": 19_99,
    "19,99": 19_99,
    "1 000": 1_000_00,
    "1\u00a0000": 1_000_00,
    "1\u202f000,5": 1_000_50,
    "1\u2009000 ₽": 1_000_00,
    " 300 ": 300_00,
    "007": 7_00,
    "350000": 350_000_00,
    "３００．５": 300_50,
}
REFUSED = (
    *("0", "0,00", "-5", "−5", "+5", "1e3", "100.001", "19.999", "³⁰⁰", "③", "三百", "a million", "миллион"),
    *(
        "1000000",
        "1 000 000",
        "350000.01",
        "0.99",
        "1,000",
        "1.000,00",
        "10 20",
        "1 0000",
        "300 $",
        "0x10",
        "∞",
        "½",
        ".",
    ),
)


@pytest.mark.parametrize(
    ("language", "own", "question", "pay"),
    [
        ("ru", "✏️ Другая сумма", "Отправьте сумму", "💳 Оплатить"),
        ("en", "✏️ Another amount", "Send the amount", "💳 Pay"),
    ],
)
async def test_taken_exactly(stage: Stage, language: str, own: str, question: str, pay: str) -> None:
    person = await stage.person("Анна", language)
    for number, (typed, kopecks) in enumerate(TAKEN.items(), start=1):
        await person.says("/topup")
        await person.presses(own)
        await person.sees(question)
        await person.says(typed)
        await person.sees_button(pay)
        made = await payments(stage, person)
        assert (len(made), made[0].amount.minor, made[0].credits) == (number, kopecks, kopecks // 10), repr(typed)


async def test_refused_with_the_bounds(stage: Stage, anna: Person, john: Person) -> None:
    """The question stays open: a better answer goes on."""
    for person, own, refusal, pay in (
        (anna, "✏️ Другая сумма", "⚠️ Нужна сумма от 1 до 350\u00a0000 ₽", "💳 Оплатить 10,50 ₽"),
        (john, "✏️ Another amount", "⚠️ An amount from 1 to 350\u00a0000 ₽", "💳 Pay 10.50 ₽"),
    ):
        await person.says("/topup")
        await person.presses(own)
        for typed in REFUSED:
            said = await person.says(typed)
            answer = await person.sees(refusal)
            assert answer.id > said.id, repr(typed)
        assert await payments(stage, person) == []
        await person.says("10,50")
        await person.sees_button(pay)
        assert len(await payments(stage, person)) == 1


@pytest.mark.parametrize(
    ("language", "pay", "refusal"), [("ru", "💳 Оплатить", "⚠️ Нужна сумма"), ("en", "💳 Pay", "⚠️ An")]
)
async def test_behind_the_command(stage: Stage, language: str, pay: str, refusal: str) -> None:
    """An amount is taken as the answer to the question would be; what is none is refused, and the question is open."""
    person = await stage.person("Анна", language)
    sign = "," if language == "ru" else "."
    for number, (typed, kopecks) in enumerate((("137", 137_00), ("19,99 ₽", 19_99), ("137", 137_00)), start=1):
        await person.says(f"/topup {typed}")
        await person.sees_button(f"{pay} {typed.removesuffix(' ₽').replace(',', sign)} ₽")
        made = await payments(stage, person)
        assert (len(made), made[0].amount.minor) == (number, kopecks)
    for typed in ("0", "a lot", "1000000"):
        await person.says(f"/topup {typed}")
        await person.sees(refusal)
    await person.says("500")
    await person.sees_button(f"{pay} 500 ₽")
    assert len(await payments(stage, person)) == 4
    await person.says("/help")
    await person.sees("/topup 300")
