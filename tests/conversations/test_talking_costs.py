"""What a conversation costs, as its customer sees it before, with and after the answers."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.billing.audit import run_audit
from tests.conversations.payments.conftest import open_till
from tests.conversations.shopping import fills_in_wine
from tests.conversations.stage import Stage
from tests.conversations.test_messages_kept import asks, is_poor
from tests.conversations.test_talking import place_oracle
from tests.support.counter import STORE
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        store = tmp_path_factory.mktemp("costs")
        place_oracle(store, sandbox.openai().url, free_answers="0")
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
