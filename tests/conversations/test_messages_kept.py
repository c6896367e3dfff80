"""What was written and could not be sent waits for its button: each text for its own, and in its own place."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.client.screen import Message
from sandbox.testing import new_token, new_world
from services.billing import ledger
from services.billing.audit import run_audit
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage, shop_settings
from tests.conversations.test_talking import place_oracle
from tests.support.databases import SqliteServer

A_MINUTE = 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def talk(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, OpenAIProvider]]:
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        provider, store = sandbox.openai(), tmp_path_factory.mktemp("kept")
        place_oracle(store, provider.url, free_answers="0")
        settings = shop_settings(
            sandbox, sqlite_server.create(), models_dir=store, chat_messages_a_minute=A_MINUTE, welcome_credits="10.00"
        )
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), provider
            report = await run_audit(app.db)
            assert report.ok, str(report)


async def begins(talk: tuple[Stage, OpenAIProvider]) -> Person:
    john = await talk[0].person("John", "en")
    await john.says("/chat")
    await john.presses("The sandbox's oracle")
    await john.sees("✍️")
    return john


async def asks(john: Person, text: str) -> Message:
    said = await john.says(text)
    await john.sees(f"“{text}”")
    return said


async def presses(john: Person, message: Message, name: str) -> str:
    """A button of this message, not of the newest; what pops up."""
    button = message.button(name)
    assert button is not None
    return (await john.forges(button.data or "", message.id)).text or ""


async def last_asked(talk: tuple[Stage, OpenAIProvider]) -> list[str]:
    """By the customer, in the last request to the provider."""
    return [each["content"] for each in (await talk[1].log())[-1]["messages"] if each["role"] == "user"]


async def is_poor(stage: Stage, person: Person) -> None:
    user_id, left = await stage.user_id(person), await balance(stage, person)
    await stage.app.db.write(
        ledger.take_back, user_id=user_id, amount=left, key=f"test:{user_id}", now=stage.app.clock()
    )


async def test_each_of_two_has_its_own_button(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    await asks(john, "First")
    await john.says("/menu")
    await john.sees_button("Continue: First")
    await john.says("Secret A")
    first = await john.sees("Shall this go there?")
    await john.says("Secret B")
    second = await john.sees("Shall this go there?")
    await presses(john, first, "Send it")
    await john.sees("“Secret A”")
    await presses(john, second, "Send it")
    await john.sees("“Secret B”")
    assert await last_asked(talk) == ["First", "Secret A", "Secret B"]
    asked = len(await talk[1].log())
    assert await presses(john, first, "Send it") == "It was sent already."
    assert len(await talk[1].log()) == asked


async def test_another_message_does_not_throw_it_away(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    await asks(john, "Hi")
    await john.says("/menu")
    await john.sees_button("Continue: Hi")
    await john.says("Kept text")
    kept = await john.sees("Shall this go there?")
    await john.presses("Continue")
    await asks(john, "Another")
    await presses(john, kept, "Send it")
    await john.sees("“Kept text”")
    assert await last_asked(talk) == ["Hi", "Another", "Kept text"]


async def test_it_goes_to_the_conversation_that_it_was_written_to(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    await asks(john, "Hi")
    await john.says("/menu")
    await john.sees_button("Continue: Hi")
    await john.says("For the oracle")
    kept = await john.sees("Shall this go there?")
    await john.says("/chat")
    await john.presses("The oracle as a teacher")
    await asks(john, "Hello, teacher")
    await presses(john, kept, "Send it")
    await john.sees("“For the oracle”")
    assert await last_asked(talk) == ["Hi", "For the oracle"]


async def test_what_is_kept_no_more_is_not_said_to_be_sent(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    await asks(john, "Hi")
    await john.says("/menu")
    await john.sees_button("Continue: Hi")
    await john.says("Number 0")
    first = await john.sees("Shall this go there?")
    for number in range(1, 6):
        await john.says(f"Number {number}")
        await john.sees("Shall this go there?")
    asked = len(await talk[1].log())
    assert await presses(john, first, "Send it") == "This was not kept. Please write it once more."
    assert len(await talk[1].log()) == asked


async def test_said_aloud_without_money(talk: tuple[Stage, OpenAIProvider]) -> None:
    """It is kept as what was written is, and listened to once it is paid for."""
    stage, john = talk[0], await begins(talk)
    await is_poor(stage, john)
    await john.sends("voice")
    refused = await john.sees("What you have written is kept.")
    assert "Not enough credits" in refused.text
    await stage.give(john, 500)
    await presses(john, refused, "Send it again")
    await john.sees("🎙 You said: “This is the sandbox's stand-in")
    assert (await last_asked(talk))[-1].endswith("The sound is 3.0 s long.")


async def test_an_edited_message_without_money_keeps_its_place(talk: tuple[Stage, OpenAIProvider]) -> None:
    stage, john = talk[0], await begins(talk)
    await asks(john, "One")
    second = await asks(john, "Two")
    await is_poor(stage, john)
    await john.edits(second, "Edited")
    await john.presses("Answer the new one")
    await john.sees_button("Send it again")
    await stage.give(john, 1_000)
    await john.presses("Send it again")
    await john.sees("“Edited”")
    assert await last_asked(talk) == ["One", "Edited"]


async def test_an_edited_message_that_comes_too_fast_is_kept(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    for text in ("One", "Two"):
        await asks(john, text)
    third = await asks(john, "Three")
    await john.edits(third, "Edited")
    offered = await john.sees_button("Answer the new one")
    await john.presses("Answer the new one")
    await john.sees("What you have written is kept.")
    await john.says("Four")  # joins nothing: it is no part of what was edited
    await john.sees("What you have written is kept.")
    told = sum("is kept" in each.text for each in await john.looks())
    await presses(john, offered, "Answer the new one")
    await john.sees("What you have written is kept.")
    assert sum("is kept" in each.text for each in await john.looks()) == told + 1


async def test_deleted_with_its_conversation(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk)
    await asks(john, "Hi")
    await john.says("/menu")
    await john.sees_button("Continue: Hi")
    await john.says("My secret")
    kept = await john.sees("Shall this go there?")
    await john.says("/sessions")
    await john.presses("Hi")
    await john.presses("Delete")
    await john.presses("Yes")
    await john.sees("none")
    assert await presses(john, kept, "Send it") == "This was not kept. Please write it once more."
