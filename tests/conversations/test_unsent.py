"""Messages to an assistant that cannot be sent now are kept whole, and that is told as often as it is news."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aiogram.fsm.storage.base import StorageKey

from bot.app import App
from handlers.chats import talk
from handlers.kit.conversation import UNSENT
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.models import server_watch
from tests.conversations.stage import Stage, shop_settings
from tests.conversations.test_talking import place_oracle
from tests.support.databases import SqliteServer
from tests.support.waiting import until


class LaterClock:
    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def moves_past_midnight(self) -> None:
        """Of the shop's zone."""
        here = self().astimezone(ZoneInfo("Europe/Moscow"))
        tomorrow = datetime.combine(here.date() + timedelta(days=1), time(), tzinfo=here.tzinfo)
        self.ahead += tomorrow - here


Shop = tuple[Stage, OpenAIProvider, LaterClock]


@pytest_asyncio.fixture(loop_scope="session")
async def shop(
    request: pytest.FixtureRequest,
    sandbox_url: str,
    sqlite_server: SqliteServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Shop]:
    for pause in ("EVERY", "SOON", "LONGEST"):  # the patience of a real shop is not waited for
        monkeypatch.setattr(server_watch, pause, 0.2)
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        provider, clock = sandbox.openai(), LaterClock()
        place_oracle(tmp_path, provider.url, free_answers="1", input_price='"0"', output_price='"0"')
        place_oracle(tmp_path / "paid", provider.url, free_answers="0")
        (tmp_path / "paid" / "oracle").rename(tmp_path / "augur")
        (tmp_path / "paid").rmdir()
        manifest = tmp_path / "augur" / "manifest.toml"
        text = manifest.read_text(encoding="utf-8").replace('"oracle"', '"augur"').replace("Оракул", "Авгур")
        manifest.write_text(text, encoding="utf-8")
        (tmp_path / "augur" / "presets.toml").unlink()
        yookassa = await sandbox.shop()
        settings = shop_settings(
            sandbox,
            sqlite_server.create(),
            models_dir=tmp_path,
            welcome_credits="0",
            chat_messages_a_minute=2,
            yookassa_shop_id=yookassa.shop_id,
            yookassa_secret_key=yookassa.secret_key,
            yookassa_api_url=yookassa.api_url,
            **getattr(request, "param", {}),
        )
        async with App(settings, clock=clock).running() as app:
            yield Stage(sandbox=sandbox, app=app), provider, clock


async def begins(stage: Stage, name: str = "Авгур песочницы") -> Person:
    anna = await stage.person("Анна", "ru")
    await anna.says("/chat")
    await anna.presses(name)
    await anna.sees("✍️")
    return anna


def told(person: Person, words: str) -> int:
    return sum(words in each.text for each in person.messages)


async def test_a_paste_that_cannot_be_paid_is_told_once_and_kept_whole(shop: Shop) -> None:
    stage, _, _ = shop
    anna = await begins(stage)
    for part in ("Первая часть", "Вторая часть"):
        await anna.says(part)
    refusal = await anna.sees("Не хватает кредитов")
    await until(lambda: _is_kept(stage, anna, "Вторая часть"))
    assert "Написанное сохранено." in refusal.text
    assert refusal.buttons[:2] == ["💳 Пополнить", "📨 Отправить снова"]
    await stage.give(anna, 1000)
    await anna.presses("Отправить снова")
    await anna.sees("«Первая часть Вторая часть»")
    assert told(anna, "Не хватает") == 1


async def test_who_waits_for_free_answers_is_not_sent_to_pay(shop: Shop) -> None:
    stage, _, clock = shop
    anna = await begins(stage, "Оракул песочницы")
    await anna.says("Первое")
    await anna.sees("«Первое»")
    await anna.says("Второе")
    refusal = await anna.sees("Бесплатные ответы на сегодня закончились")
    assert refusal.buttons == ["📨 Отправить снова", "💬 Ассистенты", "🏠 Меню"]
    clock.moves_past_midnight()
    await anna.presses("Отправить снова")
    await anna.sees("«Второе»")


async def test_what_comes_too_fast_is_not_met_with_silence_and_not_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "TOLD_SECONDS", -1.0)  # each is news
    stage, _, clock = shop
    anna = await begins(stage)
    await stage.give(anna, 1000)
    for text in ("Раз", "Два"):
        await anna.says(text)
        await anna.sees(f"«{text}»")
    for count, text in enumerate(("Три", "Четыре"), start=1):
        await anna.says(text)
        await anna.sees("Слишком много")
        assert told(anna, "Слишком много") == count
    clock.ahead += timedelta(minutes=2)
    await anna.says("Пять")
    await anna.sees("«Пять»")
    await anna.presses("Отправить снова")
    await anna.sees("«Три Четыре»")
    assert (await anna.presses("Отправить снова")).text == "Это уже отправлено."


@pytest.mark.parametrize("shop", [{"chat_tokens_a_day": 1}], indirect=True)
async def test_who_has_talked_enough_today_may_send_it_tomorrow(shop: Shop) -> None:
    stage, _, clock = shop
    anna = await begins(stage)
    await stage.give(anna, 1000)
    await anna.says("Первое")
    await anna.sees("«Первое»")
    await anna.says("Второе")
    refusal = await anna.sees("На сегодня ваш лимит общения исчерпан")
    assert refusal.buttons == ["📨 Отправить снова", "💬 Ассистенты", "🏠 Меню"]
    clock.moves_past_midnight()
    await anna.presses("Отправить снова")
    await anna.sees("«Второе»")


async def test_what_was_said_to_one_that_rests_is_kept(shop: Shop) -> None:
    stage, provider, _ = shop
    anna = await begins(stage)
    await stage.give(anna, 1000)
    await provider.fault("401", times=0)
    await anna.says("Вы здесь?")
    await anna.sees("Ничего не списано")
    await until(lambda: _rests(anna))
    await anna.says("Ау!")
    await anna.sees("отдыхает")
    await anna.sees_button("💬 Ассистенты")
    await anna.says("/new")
    begun = await anna.sees("💤")
    assert begun.buttons == ["💬 Ассистенты", "🏠 Меню"]
    await provider.clear_faults()


async def test_conversations_that_nobody_saw_are_not_counted(shop: Shop) -> None:
    stage, _, _ = shop
    anna = await begins(stage, "Оракул песочницы")
    await anna.says("Первое")
    await anna.sees("«Первое»")
    await anna.says("/chat")
    await anna.presses("Авгур песочницы")
    await anna.sees("✍️")
    await anna.says("/privacy")
    await anna.presses("Удалить все диалоги")
    await anna.presses("Да, удалить")
    await anna.sees("Удалён 1 диалог.")


async def _rests(person: Person) -> bool:
    await person.says("/chat")
    return "💤 Авгур песочницы" in (await person.sees("Кого спросим?")).buttons


async def _is_kept(stage: Stage, person: Person, text: str) -> bool:
    key = StorageKey(bot_id=stage.app.bot.id, chat_id=person.id, user_id=person.id)
    return text in str((await stage.app.storage.get_data(key)).get(UNSENT))
