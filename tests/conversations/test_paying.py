"""The tap on *Predict*: once, at the price shown, or not at all."""

import asyncio

from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.models import Model, Preset
from sandbox.client.person import Person
from services.billing import ledger
from services.values.parse import default_value
from tests.conversations.shopping import balance, bought, fills_in_wine, kept_summary, opens_form
from tests.conversations.stage import Stage
from tests.support.waiting import until

_models = table_of(Model)


def _set(session: Session, /, **columns: object) -> None:
    session.execute(update(_models).where(_models.c.slug == "wine").values(columns))


def _add_preset(session: Session, row: dict[str, object]) -> None:
    session.execute(insert(table_of(Preset)).values(row))


def _hide_presets(session: Session) -> None:
    session.execute(update(table_of(Preset)).values(enabled=False))


async def _ends_without_a_new_message(stage: Stage, person: Person, key: StorageKey) -> None:
    async def is_over() -> bool:
        working = [message for message in await person.looks() if message.holds("⏳")]
        return not working and await stage.app.storage.get_state(key) is None

    await until(is_over)


async def test_two_taps_sell_once(stage: Stage, anna: Person) -> None:
    summary = await fills_in_wine(anna)
    pay = summary.button("🔮")
    assert pay is not None
    assert pay.data is not None
    await asyncio.gather(anna.forges(pay.data, summary.id), anna.forges(pay.data, summary.id))
    await anna.sees_photo("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)
    late = await anna.forges(pay.data, summary.id)
    assert late.text == "Уже заказано."
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)


async def test_a_process_that_died_right_after_the_sale(stage: Stage, anna: Person) -> None:
    """The tap comes again, the form is still there, and the answer has taken the summary's place: it is shown once."""
    summary = await fills_in_wine(anna)
    pay = summary.button("🔮")
    assert pay is not None
    assert pay.data is not None
    key, state, data = await kept_summary(stage, anna)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    await stage.app.storage.set_state(key, state)
    await stage.app.storage.set_data(key, data)
    await anna.forges(pay.data, summary.id)
    await _ends_without_a_new_message(stage, anna, key)
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)
    assert sum("Бароло" in message.text for message in await anna.looks()) == 1


async def test_a_process_that_died_after_the_last_credit_was_spent(stage: Stage, anna: Person) -> None:
    """The tap comes again: it was sold, so nothing is lacking."""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    user_id, now = await stage.user_id(anna), stage.app.clock()
    await stage.app.db.write(ledger.take_back, user_id=user_id, amount=900, key=f"test:{user_id}", now=now)
    summary = await fills_in_wine(anna)
    pay = summary.button("🔮")
    assert pay is not None
    assert pay.data is not None
    key, state, data = await kept_summary(stage, anna)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    await stage.app.storage.set_state(key, state)
    await stage.app.storage.set_data(key, data)
    again = await anna.forges(pay.data, summary.id)
    assert not again.text
    await _ends_without_a_new_message(stage, anna, key)
    assert (await balance(stage, anna), await bought(stage, anna)) == (0, 1)


async def test_credits_that_do_not_suffice_keep_the_form(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    user_id, now = await stage.user_id(anna), stage.app.clock()
    await stage.app.db.write(ledger.take_back, user_id=user_id, amount=950, key=f"test:{user_id}", now=now)
    summary = await fills_in_wine(anna)
    assert "На балансе 0,50. Не хватает: 0,50 кредита." in summary.text
    refused = await anna.presses("🔮")
    assert refused.text is not None
    assert "0,50 кредита" in refused.text
    assert await bought(stage, anna) == 0
    await stage.give(anna, 100)
    await anna.says("/menu")
    await anna.presses("▶️ Продолжить")
    await anna.sees("Баланс: 1,50 → 0,50")
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (50, 1)


async def test_a_price_that_has_changed_is_shown_first(stage: Stage, anna: Person) -> None:
    await fills_in_wine(anna)
    await stage.app.db.write(_set, admin_price=300)
    try:
        await anna.presses("🔮 Предсказать за 1,00 кредит")
        told = await anna.sees("⚠️ Цена изменилась: теперь 3,00.")
        assert "Баланс: 10,00 → 7,00" in told.text
        assert await balance(stage, anna) == 1000
        await anna.presses("🔮 Предсказать за 3,00 кредита")
        await anna.sees_photo("Бароло")
        assert await balance(stage, anna) == 700
    finally:
        await stage.app.db.write(_set, admin_price=None)


async def test_a_model_that_is_sold_no_more(stage: Stage, anna: Person, john: Person) -> None:
    await fills_in_wine(anna)
    await opens_form(john, "wine")
    await stage.app.db.write(_set, admin_enabled=False)
    try:
        refused = await anna.presses("🔮")
        assert refused.text == "Эта модель сейчас не продаётся. Выберите другую."
        await john.says("13.2")
        await john.sees("This model is not on sale now")
        assert (await balance(stage, anna), await bought(stage, anna)) == (1000, 0)
    finally:
        await stage.app.db.write(_set, admin_enabled=None)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    await john.says("/menu")
    await john.presses("▶️ Continue")
    await john.sees("1/13")


async def test_buttons_of_questions_further_up(anna: Person) -> None:
    first = await opens_form(anna, "wine")
    default = first.button("По умолчанию")
    assert default is not None
    assert default.data is not None
    await anna.presses("По умолчанию")
    await anna.sees("2/13")
    stale = await anna.forges(default.data, first.id)
    assert stale.text == "На этот вопрос вы уже ответили."
    assert "2/13" in next(message for message in await anna.looks() if message.id == first.id).text
    await anna.says("1,9")
    await anna.sees("3/13")
    await opens_form(anna, "digit")
    other = await anna.forges(default.data, first.id)
    assert other.text == "Эта кнопка устарела. Вот свежее меню."


async def test_a_menu_in_the_middle_of_a_form(anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.says("13,2")
    await anna.sees("2/13")
    await anna.says("/balance")
    await anna.presses("▶️ Продолжить")
    question = await anna.sees("2/13")
    assert "⚡" not in question.text
    await anna.says("1,9")
    await anna.sees("3/13")
    await anna.says("/start model_digit")
    await anna.presses("▶️ Начать")
    await anna.sees("1/1")


async def test_a_form_left_with_answers_waits(anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.says("13,2")
    await anna.sees("2/13")
    await anna.presses("‹ Назад")
    await anna.sees("1/13")
    await anna.presses("‹ Назад")
    await anna.sees_button("▶️ Начать")
    await anna.presses("▶️ Продолжить")
    await anna.sees("Сейчас выбрано: 13,2 %")


async def test_answers_typed_in_a_hurry(anna: Person) -> None:
    await opens_form(anna, "wine")
    for answer in ("13,2", "1,9", "2,4"):
        await anna.says(answer)
    await anna.sees("4/13")


async def test_a_preset(stage: Stage, anna: Person, john: Person) -> None:
    """The same model with some answers given, under its own name and price."""
    wine = stage.app.services.models.manifest("wine")
    assert wine is not None
    given = {field.name: default_value(field) for field in wine.inputs if field.name not in {"alcohol", "proline"}}
    preset = {
        "slug": "wine-quick",
        "model_slug": "wine",
        "title": {"ru": "Вино по двум числам", "en": "Wine by two numbers"},
        "icon": "🥂",
        "inputs": given,
        "price": 25,
        "position": 25,
        "enabled": True,
        "created_at": stage.app.clock(),
    }
    await stage.app.db.write(_add_preset, preset)
    try:
        await anna.says("/models")
        await anna.presses("🥂 Вино по двум числам · 0,25")
        await anna.sees("Модель задаст 2 вопроса.")
        await anna.presses("▶️ Начать")
        await anna.sees("1/2")
        await anna.says("13,7")
        await anna.sees("2/2")
        await anna.says("1100")
        await anna.presses("🔮 Предсказать за 0,25 кредита")
        answer = await anna.sees_photo("Вино: ")
        assert answer.text.startswith("🥂 Вино по двум числам")
        assert await balance(stage, anna) == 975
        await anna.presses("🔁 Ещё раз")
        await anna.sees("🥂 Вино по двум числам")
        await anna.sees("Баланс: 9,75 → 9,50")
        await john.says("/start model_wine-quick")
        await john.sees("🥂 Wine by two numbers")
    finally:
        await stage.app.db.write(_hide_presets)
