"""What a conversation costs, as its customer sees it before, with and after the answers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from db.tables.plans import AllowanceUnit
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.client.screen import Message
from sandbox.testing import new_token, new_world
from services.billing.audit import run_audit
from tests.conversations.payments.conftest import open_till
from tests.conversations.shopping import fills_in_wine
from tests.conversations.stage import Stage
from tests.conversations.test_messages_kept import asks, is_poor
from tests.conversations.test_talking import place_oracle
from tests.support.counter import STORE
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan, end_plans

GIFT = """
slug = "gift"
version = "1.0.0"
title = { ru = "Даритель", en = "The giver" }
price = "0"

[runtime]
kind = "chat"
url = "URL"
model = "sandbox-chat-1"
context = 16384
max_answer = 2048
input_price = "0.10"
output_price = "0.40"
free_answers = 2
"""


def place_gift(store: Path, url: str) -> None:
    """An assistant whose first answers of a day are free."""
    (store / "gift").mkdir()
    (store / "gift" / "manifest.toml").write_text(GIFT.replace("URL", url), encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        store = tmp_path_factory.mktemp("costs")
        place_oracle(store, sandbox.openai().url, free_answers="0")
        place_gift(store, sandbox.openai().url)
        (store / "wine").symlink_to(STORE / "wine", target_is_directory=True)
        async with open_till(sandbox, sqlite_server.create(), models_dir=store) as stage:
            yield stage
            report = await run_audit(stage.app.db)
            assert report.ok, str(report)


@pytest.fixture
def provider(stage: Stage) -> OpenAIProvider:
    return stage.sandbox.openai()


async def begins(stage: Stage, language: str = "ru") -> Person:
    person = await stage.person("Анна" if language == "ru" else "John", language)
    await person.says("/chat")
    await person.presses("Оракул песочницы" if language == "ru" else "The sandbox's oracle")
    await person.sees("✍️")
    return person


async def answered(person: Person, text: str) -> Message:
    """The end of its answer."""
    await person.says(text)
    return await person.sees("баланс")


async def leaves(stage: Stage, person: Person, rest: int) -> None:
    """So many hundredths of a credit on the balance."""
    await is_poor(stage, person)
    await stage.give(person, rest)


async def tops_up(person: Person, top_up: str, pay: str) -> None:
    await person.presses(top_up)
    await person.presses("300 ₽")
    await person.sees_button(pay)
    await person.pays(pay)


async def test_a_message_that_waited_for_credits_is_sent_from_the_paid_message(stage: Stage) -> None:
    anna = await begins(stage)
    await anna.says("Первое")
    await anna.sees("«Первое»")
    await is_poor(stage, anna)
    await anna.says("Что значит моё имя?")
    await anna.sees_button("Отправить снова")
    await tops_up(anna, "Пополнить", "💳 Оплатить")
    paid = await anna.sees("✅ Оплачено")
    assert "📨 Ваше сообщение ждёт: «Что значит моё имя?»" in paid.text
    assert paid.buttons == ["📨 Отправить моё сообщение", "🏠 Меню"]
    await anna.presses("Отправить моё сообщение")
    await anna.sees("«Что значит моё имя?»")


async def test_who_tops_up_while_talking_goes_on_talking(stage: Stage) -> None:
    john = await begins(stage, "en")
    await asks(john, "First")
    await john.says("/topup")
    await john.sees_button("300 ₽")
    await john.presses("300 ₽")
    await john.sees_button("💳 Pay")
    await john.pays("💳 Pay")
    paid = await john.sees("✅ Paid")
    assert paid.buttons == ["💬 Continue: First", "🏠 Menu"]
    await john.presses("Continue: First")
    await asks(john, "Second")


async def test_a_form_and_a_message_wait_for_the_same_credits(stage: Stage) -> None:
    john = await begins(stage, "en")
    await asks(john, "First")
    await fills_in_wine(john)
    await is_poor(stage, john)
    await john.says("/chat")
    await john.presses("Continue: First")
    await john.says("Second")
    await john.sees_button("Send it again")
    await tops_up(john, "Top up", "💳 Pay")
    paid = await john.sees("✅ Paid")
    assert paid.buttons == ["▶️ Continue the form", "📨 Send my message", "🏠 Menu"]


async def test_a_long_conversation_warns_and_a_new_one_is_offered(stage: Stage, provider: OpenAIProvider) -> None:
    """Its history costs more than an answer long before it fills what the assistant reads."""
    anna = await begins(stage)
    first = await answered(anna, "Привет")
    assert "Следующий ответ" not in first.text
    long = await answered(anna, "длинно " * 450)
    assert "Следующий ответ" not in long.text  # 2.00 are its bound, and 0.26 what half a page is likely to cost
    dear = await answered(anna, "дорого " * 450)
    assert "Следующий ответ — до 2,0" in dear.text
    await anna.says("/chat")
    await anna.presses("Продолжить: Привет")
    resumed = await anna.sees("Продолжаем")
    assert "Следующий ответ — не дороже 2,0" in resumed.text
    assert "Прежние сообщения читаются каждый раз заново: новый диалог дешевле." in resumed.text
    assert "Ваш баланс: 9," in resumed.text
    await leaves(stage, anna, 20)
    await anna.says("Что дальше?")
    refused = await anna.sees("Не хватает кредитов")
    assert re.search(r"нужно 1,\d\d, на балансе 0,20\. В новом диалоге хватит 0,0\d", refused.text)
    assert refused.buttons == [
        "💳 Пополнить",
        "🆕 Отправить в новом диалоге",
        "📨 Отправить снова",
        "💬 Ассистенты",
        "🏠 Меню",
    ]
    await anna.presses("Отправить в новом диалоге")
    answer = await anna.sees("«Что дальше?»")
    assert "сообщений: 1," in answer.text
    assert [each["content"] for each in (await provider.log())[-1]["messages"]] == ["Что дальше?"]


async def test_where_a_new_conversation_helps_nothing_none_is_offered(stage: Stage) -> None:
    john = await begins(stage, "en")
    await asks(john, "First")
    await is_poor(stage, john)
    await john.says("Second")
    refused = await john.sees("Not enough credits")
    assert refused.buttons == ["💳 Top up", "📨 Send it again", "💬 Assistants", "🏠 Menu"]


async def test_another_answer_that_a_long_conversation_makes_too_dear(stage: Stage) -> None:
    anna = await begins(stage)
    await answered(anna, "Привет")
    await answered(anna, "длинно " * 450)
    await answered(anna, "Коротко")
    await leaves(stage, anna, 20)
    await anna.presses("Ещё раз")
    refused = await anna.sees("В новом диалоге хватит")
    assert refused.buttons == ["💳 Пополнить", "🆕 Новый диалог", "💬 Ассистенты", "🏠 Меню"]


async def test_the_step_from_free_to_paid_is_told(stage: Stage) -> None:
    anna = await stage.person("Анна", "ru")
    await anna.says("/chat")
    await anna.presses("Даритель")
    begun = await anna.sees("✍️")
    assert "🎁 Сегодня осталось 2 бесплатных ответа." in begun.text
    assert "Бесплатно сегодня · баланс 10,00" in (await answered(anna, "Первое")).text
    assert "Последний бесплатный ответ на сегодня · баланс 10,00" in (await answered(anna, "Второе")).text
    await anna.says("/new")
    begun = await anna.sees("✍️")
    assert "🎁 Бесплатные ответы на сегодня закончились. Новые — завтра, с полуночи." in begun.text
    assert "кредита · баланс 9,9" in (await answered(anna, "Третье")).text


PLAN_WORDS = {
    "ru": (
        "Оракул песочницы: ",
        "1 ответ",
        "Платит ваш тариф, пока хватает: на этот период ещё ",
        "вашего тарифа в этом периоде израсход",
        "Тариф «Plus-Ru» даёт 5.",
        "🎟 Тарифы",
    ),
    "en": (
        "The sandbox's oracle: ",
        "1 answer",
        "Your plan pays while it lasts: ",
        "of this period",
        "The plan “Plus-En” gives 5.",
        "🎟 Plans",
    ),
}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_a_plan_says_what_it_covers_before_and_when_there_is_more(stage: Stage, language: str) -> None:
    """In the list, before the first message, and when it is used up; there also where nothing is left to pay with."""
    listed, left, pays, over, better, plans = PLAN_WORDS[language]
    db, now, unit = stage.app.db, stage.app.clock(), AllowanceUnit.REQUESTS
    await db.write(add_plan, f"free-{language}", kopecks=None, allowances=[(unit, 1, ["oracle"])], created_at=now)
    await db.write(add_plan, f"plus-{language}", allowances=[(unit, 5, [])], created_at=now)
    await stage.app.services.plans.all()
    try:
        person = await stage.person("Вера" if language == "ru" else "Mary", language)
        await person.says("/chat")
        whom = await person.sees(listed)
        assert whom.holds(left)
        await person.presses("Оракул песочницы" if language == "ru" else "The sandbox's oracle")
        begun = await person.sees("✍️")
        assert begun.holds(pays)
        assert begun.holds(left)
        await person.says("Как дела?" if language == "ru" else "How are you?")
        await person.sees("баланс" if language == "ru" else "balance")
        await person.says("/new")
        used_up = await person.sees("✍️")
        assert used_up.holds(over)
        assert used_up.holds(better)
        await is_poor(stage, person)
        await person.says("И ещё?")
        refused = await person.sees(over)
        assert refused.holds(better)
        assert refused.button(plans) is not None
    finally:
        await db.write(end_plans)
        await stage.app.services.plans.all()
