"""Talking with an assistant at the sandbox's provider."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.app import App
from bot.demo.shelf import TEMPLATES
from db.base import table_of
from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus
from db.tables.users import User
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.ogg import silence
from sandbox.testing import new_token, new_world
from services.billing.audit import run_audit
from tests.conversations.shopping import balance
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.counter import BAROLO, STORE
from tests.support.databases import SqliteServer
from tests.support.waiting import until

SLOWLY = [pytest.param(each, marks=pytest.mark.slow) for each in ("malformed", "error_in_stream", "error_chunk")]
ADDRESS = "http://openai.sandbox.invalid/v1"


def place_oracle(store: Path, url: str, **changes: str) -> None:
    """The demo's assistant, of another provider; `changes` of its manifest, by key."""
    shutil.copytree(TEMPLATES / "oracle", store / "oracle")
    manifest = store / "oracle" / "manifest.toml"
    text = manifest.read_text(encoding="utf-8").replace(ADDRESS, url)
    for key, value in changes.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    manifest.write_text(text, encoding="utf-8")


def place_deaf(store: Path, url: str) -> None:
    """An assistant without ears."""
    (store / "deaf").mkdir()
    runtime = f'[runtime]\nkind = "chat"\nurl = "{url}"\nmodel = "sandbox-chat-1"\ncontext = 8192\n'
    head = 'slug = "deaf"\nversion = "1"\ntitle = { ru = "Глухой", en = "The deaf one" }\nprice = "0.10"\n'
    (store / "deaf" / "manifest.toml").write_text(head + runtime, encoding="utf-8")


def place_with_key(folder: Path) -> None:
    """Whose owner wrote the key itself into the manifest."""
    folder.mkdir()
    runtime = '[runtime]\nkind = "chat"\nurl = "http://a.invalid"\nmodel = "m"\ncontext = 8192\nkey = "sk-live-1"\n'
    head = 'slug = "broken"\nversion = "1"\ntitle = "Broken"\nprice = "0"\n'
    (folder / "manifest.toml").write_text(head + runtime, encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def talk(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, OpenAIProvider]]:
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        provider, store = sandbox.openai(), tmp_path_factory.mktemp("talk")
        place_oracle(store, provider.url, free_answers="0")
        place_with_key(store / "broken")
        place_deaf(store, provider.url)
        (store / "wine").symlink_to(STORE / "wine", target_is_directory=True)
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=store)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), provider
            report = await run_audit(app.db)
            assert report.ok, str(report)


@pytest_asyncio.fixture(loop_scope="session")
async def provider(talk: tuple[Stage, OpenAIProvider]) -> AsyncIterator[OpenAIProvider]:
    yield talk[1]
    await talk[1].clear_faults()
    await talk[1].change(pace=0.0)


async def begins(talk: tuple[Stage, OpenAIProvider], language: str = "ru") -> Person:
    person = await talk[0].person("Анна" if language == "ru" else "John", language)
    await person.says("/chat")
    await person.presses("Оракул песочницы" if language == "ru" else "The sandbox's oracle")
    await person.sees("✍️")
    return person


async def test_a_conversation(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    begun = await anna.sees("Спрашивайте")
    assert "Оплата по длине: 0,10 кредита за 1000 прочитанных токенов" in begun.text
    await anna.says("Привет, кто ты?")
    answer = await anna.sees("не думает никакая модель")
    assert "сообщений: 1" in answer.text
    assert re.search(r"0,0\d кредита · баланс 9,9\d", answer.text)
    await anna.says("А ещё?")
    await anna.sees("сообщений: 3")
    spent = 1000 - await balance(talk[0], anna)
    assert 0 < spent < 20
    calls = (await provider.log())[-1]
    assert [each["role"] for each in calls["messages"]] == ["user", "assistant", "user"]
    assert calls["max_tokens"] == 2048


async def test_in_english(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await begins(talk, "en")
    await john.says("Who are you?")
    answer = await john.sees("no model thinks here")
    assert re.search(r"0\.0\d credits · balance 9\.9\d", answer.text)


async def test_a_persona_is_told_who_to_be_and_whom_it_talks_to(talk: tuple[Stage, OpenAIProvider]) -> None:
    john = await talk[0].person("John", "en")
    await john.says("/chat")
    await john.presses("The oracle as a teacher")
    await john.sees("✍️")
    await john.says("Who are you?")
    await john.sees("I was told how to be: “You are a patient teacher.")


async def test_an_example_and_a_long_answer(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    await anna.presses("Покажи длинный код")
    await anna.sees("💬 Покажи длинный код")
    last = await anna.sees("баланс")
    parts = [each for each in anna.messages if each.from_bot and each.id <= last.id and "of a long list" in each.text]
    assert len(parts) == 2
    entities = [entity["language"] for part in parts for entity in part.raw["entities"] if entity["type"] == "pre"]
    assert entities == ["python", "python"]


async def test_the_rest_of_a_long_answer_is_refused(talk: tuple[Stage, OpenAIProvider]) -> None:
    """The message that came stays and is paid for; what the other one cost comes back."""
    stage, anna = talk[0], await begins(talk)
    await stage.sandbox.fault("sendMessage", "slow", chat_id=anna.id, seconds=0, times=1)  # the first part gets through
    refused = "Bad Request: the message is refused"
    await stage.sandbox.fault("sendMessage", "400", chat_id=anna.id, times=2, description=refused)  # nor as plain text
    await anna.says("Покажи длинный код")
    told = await anna.sees("Остаток ответа не удалось доставить")
    left = await balance(stage, anna)
    assert 0 < left < 1000
    back = re.search(r"Вернулось 0,(\d\d)", told.text)
    assert back is not None
    assert int(back[1]) > 0
    assert f"баланс {left // 100},{left % 100:02}" in told.text
    parts = [each for each in anna.messages if each.from_bot and "of a long list" in each.text]
    assert len(parts) == 1
    await anna.presses("Дальше")
    await anna.sees("сообщений: 3")


async def test_again_and_on(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    await anna.says("Расскажи без конца")
    await anna.sees("достиг предельной длины")
    await anna.presses("Дальше")
    await anna.sees("сообщений: 3")
    before = len(await provider.log())
    await anna.presses("Ещё раз")
    await until(lambda: _is_asked(provider, before + 1))
    await anna.sees("сообщений: 3")


async def test_an_answer_that_fails_costs_nothing(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    await provider.fault("empty")
    await anna.says("Скажи что-нибудь")
    await anna.sees("Ничего не списано")
    assert await balance(talk[0], anna) == 1000
    await anna.presses("Ещё раз")
    await anna.sees("не думает никакая модель")


@pytest.mark.parametrize("kind", ["cut", "truncated", *SLOWLY])
async def test_what_came_before_a_break_is_kept(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider, kind: str
) -> None:
    anna = await begins(talk)
    await provider.fault(kind)
    await anna.says("Расскажи о себе")
    cut = await anna.sees("Связь оборвалась")
    assert "Это заглушка" in cut.text
    assert await balance(talk[0], anna) < 1000


async def test_stopped(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    await provider.change(pace=0.1)
    await anna.says("Расскажи без конца")
    await anna.sees_draft("Это заглушка")
    await anna.says("/stop")
    stopped = await anna.sees("Остановлено")
    assert "Это заглушка" in stopped.text
    await until(lambda: _is_closed(provider))


async def test_who_blocks_the_bot_during_an_answer_finds_it_on_coming_back(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna = await begins(talk)
    await provider.change(pace=0.1)
    await anna.says("Что это?")
    await until(lambda: _is_open(provider))
    await anna.blocks()
    await until(partial(talk[0].blocked, anna))
    await provider.change(pace=0.0)
    await until(partial(_is_skipped, talk[0], anna))
    await anna.unblocks()
    answer = await anna.sees("не думает никакая модель")
    assert re.search(r"0,0\d кредита · баланс 9,9\d", answer.text)


async def test_its_owner_reads_its_price_that_it_was_stopped_and_what_cannot_be_sold(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna = await begins(talk)
    await provider.change(pace=0.1)
    await anna.says("Расскажи без конца")
    await anna.sees_draft("Это заглушка")
    await anna.says("/stop")
    await anna.sees("Остановлено")
    olga = await talk[0].person("Ольга", "ru", id=OWNER_ID)
    await olga.says("/admin")
    told = await olga.sees("⚠️ Модель «broken» не продаётся")
    await olga.presses("Модели в продаже")
    listed = await olga.sees("⚠️ broken: ")
    for text in (told.text, listed.text):  # and the key that stands there is not
        assert "runtime.key: здесь нужно имя переменной. Напишите тут «env:ИМЯ»" in text
        assert "sk-live" not in text
    await olga.presses("Оракул песочницы · по длине")
    await olga.sees("Цена: по длине")
    await olga.presses("Как работает")
    figures = await olga.sees("Первое слово")
    assert re.search(r"Потратили покупатели: [\d,]+ кредит", figures.text)
    await olga.presses("Запросы")
    stopped = await olga.sees_button("· остановил покупатель")
    assert " Анна · " in next(button for button in stopped.buttons if "остановил" in button)
    await olga.presses("остановил покупатель")
    opened = await olga.sees("⏹ Остановил покупатель")
    assert re.fullmatch(r"request-[0-9a-f]{8}\.json", opened.file_name or "")
    assert opened.holds("Первое слово через")
    await olga.says("/admin")
    await olga.presses("📜 Журнал")
    assert "→ 🗿 Оракул песочницы" in (await olga.sees("Открыт запрос к ассистенту: Анна #")).text


async def test_a_command_leaves_it_and_the_menu_pauses_it(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    await anna.says("Первое")
    await anna.sees("сообщений: 1")
    await anna.says("/balance")
    await anna.sees("Баланс")
    await anna.says("Второе")
    await anna.sees("сообщений: 3")
    await anna.says("/menu")
    await anna.sees_button("Продолжить: Первое")
    await anna.says("Третье")
    await anna.sees("на паузе")
    await anna.presses("Отправить")
    await anna.sees("сообщений: 5")


async def test_a_draft_grows_and_telegrams_button_stops_it(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna = await begins(talk)
    await provider.change(pace=0.05)
    await anna.says("Расскажи без конца")
    draft = await anna.sees_draft("Это заглушка")
    assert draft["can_stop"]
    longer = await anna.sees_draft("Это предложение номер 3.")
    assert longer["draft_id"] == draft["draft_id"]
    await anna.stops(longer)
    stopped = await anna.sees("Остановлено")
    assert "Это предложение номер 3." in stopped.text
    await until(lambda: _is_closed(provider))


async def test_where_telegram_takes_no_drafts_a_message_is_edited(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    stage = talk[0]
    anna = await begins(talk)
    await provider.change(pace=0.05)
    await stage.sandbox.fault("sendMessageDraft", "400", chat_id=anna.id, times=1)
    await anna.says("Расскажи без конца")
    growing = await anna.sees_button("⏹ Стоп")
    await anna.presses("⏹ Стоп")
    stopped = await anna.sees("Остановлено")
    assert stopped.id == growing.id
    assert stopped.button("⏹ Стоп") is None


async def test_an_old_stop_button_stops_no_other_answer(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna = await begins(talk)
    await anna.says("Первое")
    answered = await anna.sees("сообщений: 1")
    await provider.change(pace=0.05)
    await anna.says("Расскажи без конца")
    await until(lambda: _is_open(provider))
    for old in (f"chat-stop:{'0' * 32}", "chat-stop:rubbish", "chat-stop"):
        assert (await anna.forges(old, answered.id)).text == "Этот ответ уже закончился."
    await anna.sees_draft("Это предложение номер 3.")
    await anna.says("/stop")
    await anna.sees("Остановлено")


async def test_drafts_that_come_too_fast_do_not_hold_up_the_answer(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    stage = talk[0]
    anna = await begins(talk)
    await stage.sandbox.fault("sendMessageDraft", "429", chat_id=anna.id, retry_after=30, times=1)
    await anna.says("Расскажи о себе")
    await anna.sees("не думает никакая модель")
    await stage.sandbox.clear_faults()


async def test_edited_and_answered_anew(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    message = await anna.says("Первое")
    await anna.sees("сообщений: 1")
    await anna.edits(message, "Исправленное")
    await anna.presses("Ответить на новое")
    await anna.sees("«Исправленное»")
    assert [each["content"] for each in (await provider.log())[-1]["messages"]] == ["Исправленное"]
    await anna.edits(message, "Снова исправленное")
    await anna.presses("Ответить на новое")
    await anna.sees("«Снова исправленное»")
    assert [each["content"] for each in (await provider.log())[-1]["messages"]] == ["Снова исправленное"]


async def test_the_first_of_two_that_went_as_one_is_edited(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    john = await begins(talk, "en")
    first = await john.says("first " * 400)
    await john.says("second")
    for text in ("One", "Two"):
        await john.edits(first, text)
        await john.presses("Answer the new one")
        await john.sees(f"“{text} second”")
    assert [each["content"] for each in (await provider.log())[-1]["messages"]] == ["Two\nsecond"]


async def test_conversations_are_kept_named_taken_along_and_deleted(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    await anna.says("Первое слово")
    await anna.sees("сообщений: 1")
    await anna.says("/new")
    await anna.sees("Спрашивайте")
    await anna.says("/sessions")
    await anna.presses("Первое слово")
    await anna.presses("Назвать")
    await anna.says("Мой разговор")
    await anna.sees("Мой разговор")
    await anna.presses("JSON")
    exported = await until(lambda: _file(anna))
    assert "Первое слово" in exported
    assert '"assistant": "Оракул песочницы"' in exported
    await anna.presses("Текстом")
    await until(lambda: _file_has(anna, "### Вы · "))
    assert "### Оракул песочницы · " in await _file(anna)
    await anna.presses("Продолжить")
    await anna.sees("Мой разговор")
    await anna.says("Второе")
    await anna.sees("сообщений: 3")
    await anna.says("/sessions")
    await anna.presses("Мой разговор")
    await anna.presses("Удалить")
    await anna.presses("Да, удалить")
    await anna.sees("Их пока нет")


async def test_a_form_within_a_conversation(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    await anna.says("Первое")
    await anna.sees("сообщений: 1")
    await anna.says("/start model_wine")
    await anna.presses("Начать")
    await anna.says(" ".join(str(each) for each in BAROLO.values()))
    await anna.presses("Предсказать")
    await anna.sees("Бароло", within=20)
    await anna.says("Второе")
    await anna.presses("Отправить")
    await anna.sees("сообщений: 3")


async def test_in_english_too_all_of_it(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    john = await begins(talk, "en")
    await provider.fault("truncated")
    await john.says("Tell me something")
    await john.sees("The connection broke off. Only what came was paid for.")
    await john.presses("Go on")
    await john.sees("that I was sent: 3")
    await provider.fault("empty")
    await john.presses("Again")
    await john.sees("Nothing was charged.")
    await john.says("/sessions")
    await john.presses("Tell me something")
    await john.sees("With 🗿 The sandbox's oracle")
    await john.presses("Delete")
    await john.sees("Its texts cannot be brought back")
    await john.says("/privacy")
    await john.sees("Conversations with assistants are kept until you delete them")


async def test_a_paste_that_is_far_too_long_is_refused_once_and_whole(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna, asked = await begins(talk), len(await provider.log())
    for part in range(8):
        await anna.says(f"{part} " + "слово " * 675)
    told = await anna.sees("слишком длинно")
    assert "Ничего не отправлено." in told.text
    await asyncio.sleep(3)  # as long as parts wait for the next one
    await anna.says("Короткое")
    await anna.sees("«Короткое»")
    assert sum("слишком длинно" in each.text for each in await anna.looks()) == 1
    assert [each["content"] for each in (await provider.log())[-1]["messages"]] == ["Короткое"]
    assert len(await provider.log()) == asked + 1


async def test_a_paste_is_one_question(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    """Apps cut at an end of a sentence from half of what a message holds on."""
    john, asked = await begins(talk, "en"), len(await provider.log())
    for part in range(4):
        await john.says(f"{part} " + "word " * 420)
    await john.says("the end")
    await john.sees("that I was sent: 1,")
    assert len(await provider.log()) == asked + 1
    assert (await provider.log())[-1]["messages"][0]["content"].endswith("the end")


async def test_said_aloud(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    anna = await begins(talk)
    await anna.sees("🎙 Можно и сказать вслух: до 120 с, сверху 0,05 кредита за каждую начатую минуту.")
    await anna.sends("voice")
    answer = await anna.sees("🎙 Вы сказали: «This is the sandbox's stand-in: no model listens here. The sound is 3.0 s")
    assert "no model thinks here" in answer.text
    assert 1000 - await balance(talk[0], anna) in range(6, 20)
    heard, asked = (await provider.log())[-2:]
    assert (heard["path"], heard["seconds"]) == ("audio/transcriptions", 3.0)
    assert asked["messages"][-1]["content"].endswith("The sound is 3.0 s long.")
    await anna.says("А ещё?")
    await anna.sees("сообщений: 3")
    await anna.presses("Ещё раз")
    await anna.says("/sessions")
    await anna.sees_button("This is the sandbox's stand-in: no model listen…")
    await anna.says("/privacy")
    await anna.sees("Голосовое сообщение тоже уходит туда")


async def test_said_aloud_in_english(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    john = await begins(talk, "en")
    await john.sees("🎙 You may also say it: up to 120 s, 0.05 credits on top for each minute that was begun.")
    await john.sends_voice(silence(61), "Listen:")
    answer = await john.sees("🎙 You said: “Listen: This is the sandbox's stand-in")
    assert "The sound is 61.0 s long" in answer.text
    assert 1000 - await balance(talk[0], john) in range(11, 25)
    spent = await balance(talk[0], john)
    await provider.fault("empty")
    await john.sends("voice")
    await john.sees("Not a word could be heard in that.")
    await john.sees("Nothing was charged.")
    assert await balance(talk[0], john) == spent
    await john.presses("Again")
    await john.sees("The sound is 3.0 s long")
    await john.sends_voice(silence(121))
    await john.sees("A voice message may last 120 s at most.")
    await john.sends_voice(b"OggS and nothing else")
    await john.sees("This is no voice message that can be listened to.")
    await john.says("/privacy")
    await john.sees("A voice message goes there as well, to be written down")


async def test_nothing_but_words(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await talk[0].person("Анна", "ru")
    await anna.says("/chat")
    await anna.presses("Глухой")
    await anna.sees("✍️")
    await anna.sends("voice")
    await anna.sees("Ассистент читает текст")
    await anna.sends("sticker")
    await anna.sees("Ассистент читает текст")
    await anna.says("\u200b \u200f")
    await anna.sees("не на что ответить")


async def test_what_comes_too_fast_is_kept_and_told_once(
    talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider
) -> None:
    anna = await begins(talk)
    await provider.change(pace=0.2)
    for number in range(1, 23):
        await anna.says(f"Слово {number}")
    told = await anna.sees("Слишком много сообщений сразу")
    assert "Написанное сохранено." in told.text
    await anna.presses("Отправить")
    await anna.sees("Слишком много сообщений сразу")
    assert sum("Слишком много" in each.text for each in anna.messages) == 2
    assert sum("после предыдущего" in each.text for each in anna.messages) == 1  # the others join the one that waits


async def test_the_provider_is_away(talk: tuple[Stage, OpenAIProvider], provider: OpenAIProvider) -> None:
    """Its errors are nobody's loss: what passes is tried again, what does not is paid back."""
    anna = await begins(talk)
    await provider.fault("503")
    await anna.says("Первое")
    await anna.sees("сообщений: 1")
    await provider.fault("refuse")
    await anna.says("Второе")
    await anna.sees("Ничего не списано")


async def test_what_came_before_is_neither_edited_nor_answered_anew(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    first = await anna.says("Первое")
    old = await anna.sees_button("Ещё раз")
    again = old.button("Ещё раз")
    assert again is not None
    await anna.says("Второе")
    await anna.sees("«Второе»")
    alert = await anna.forges(again.data or "", old.id)
    assert alert.text == "Заново можно дать только последний ответ."
    await until(lambda: _has_no_buttons(anna, old.id))
    await anna.edits(first, "Исправленное")
    told = await anna.sees("Изменить и переспросить можно только последнее сообщение.")
    assert told.buttons == []


async def test_help_and_greeting_know_assistants(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await talk[0].person("Анна", "ru")
    await anna.says("/start")
    assert "/chat" in (await anna.sees("Здравствуйте")).text
    await anna.says("/help")
    told = await anna.sees("Как это работает")
    assert "Последнее своё сообщение можно исправить — на него ответят заново." in told.text


async def test_privacy_names_what_each_assistant_is_told(talk: tuple[Stage, OpenAIProvider]) -> None:
    anna = await begins(talk)
    await anna.says("Первое")
    await anna.sees("«Первое»")
    await anna.says("/start model_wine")
    await anna.presses("Начать")
    await anna.says("/privacy")
    told = await anna.sees("что стоит в скобках")
    assert "🗿 Оракул песочницы, 🪶 Оракул-поэт (имя)" in told.text
    await anna.presses("Удалить все диалоги")
    asked = await anna.sees("Удалить все диалоги с ассистентами?")
    assert asked.buttons == ["🗑 Да, удалить", "‹ Назад"]


async def _has_no_buttons(person: Person, message_id: int) -> bool:
    return not next(each for each in await person.looks() if each.id == message_id).buttons


async def _file_has(person: Person, words: str) -> bool:
    return words in await _file(person)


async def _file(person: Person) -> str:
    """What the last file of the bot holds."""
    files = [each.document for each in await person.looks() if each.from_bot and each.document is not None]
    return files[-1].decode() if files else ""


async def _is_asked(provider: OpenAIProvider, count: int) -> bool:
    return len(await provider.log()) >= count


async def _is_skipped(stage: Stage, person: Person) -> bool:
    """Nobody was there to read the answer."""
    users, outbox = table_of(User), table_of(OutboxMessage)
    of_theirs = select(outbox.c.status).join(users, users.c.id == outbox.c.user_id)
    found = of_theirs.where(users.c.telegram_id == person.id, outbox.c.kind == OutboxKind.CHAT_ANSWER)
    return OutboxStatus.SKIPPED in await stage.app.db.read(lambda session: session.scalars(found).all())


async def _is_open(provider: OpenAIProvider) -> bool:
    return bool((await provider.view())["open"])


async def _is_closed(provider: OpenAIProvider) -> bool:
    return not (await provider.view())["open"]
