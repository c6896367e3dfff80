"""A shop that an older version filled goes on: every screen opens, what waits is told, dialogs continue where they
stopped. Nothing that is stored by name has lost its meaning since."""

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from bot.app import App
from db.base import AnyRow, table_of
from db.migrate import upgrade
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.predictions import Prediction
from db.tables.users import User
from handlers.telegram import pace
from sandbox.client.person import Person
from sandbox.clock import Clock
from sandbox.testing import new_world, running_sandbox
from tests.conversations.old_store import write_store
from tests.conversations.shopping import STORE
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.old_shop import LEFT_AT, load, stored
from tests.support.waiting import until

_outbox, _people, _predictions = table_of(OutboxMessage), table_of(User), table_of(Prediction)
TOKEN = "45053000:AAE-the-bot-that-the-old-shop-had-aaaaaaa"
LATE_OWNER = 900_000_002
MESSAGES = 200
"""More than stood in the old shop's chats."""
KEYS = {"shop_id": "450530", "secret_key": "test_old-shop"}

SENTENCES = {
    "ModelUnavailable": "This model is not available right now. Please try again later.",
    "ModelBroken": "This model is out of order. We are looking into it.",
    "ModelTooNew": "This model is out of order. We are looking into it.",
    "RunTimeout": "The model did not answer in {seconds} s.",
    "RunFailed": "The model could not answer.",
    "RunLost": "The model could not answer.",
    "BadInput": "The model could not answer.",
    "BadOutput": "The model gave no usable answer.",
    "NotDelivered": "The answer could not be delivered to you.",
    "NotAnImage": "This is not a picture that can be read. Send a JPEG, PNG or WebP.",
    "BlankImage": "Nothing is drawn on the picture. Write larger and darker on a plain background.",
    "ImageTooLarge": "The model could not answer.",
    "FileTooLarge": "The model could not answer.",
    "ValueError": "The model could not answer.",
    "MemoryError": "The model could not answer.",
}
"""What the customer reads of each word in `predictions.error_code`, msgids."""
NOT_OURS = ("BadOutput(problem='the answer is not a finite number')", "payment_id")
"""What admins are shown as it is: a line of the log, a word of YooKassa's."""
RAW = re.compile(
    r"\bNone\b|\bnull\b|Traceback|[{}]|\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b(?<!YooKassa)|\b[a-z]+_[a-z_]+\b|"
    r"\b(?:credits|user|role|payment|model|package|bonus)\.[a-z]+\b"
)
"""Words of the code: none of them belongs on a screen."""
DECIDES = frozenset(
    ("f", "again", "change", "begin", "continue", "topup", "adm-yes", "on", "off", "up", "down", "own", "none", "ask")
) | frozenset(("admin", "moderator", "clear", "female", "male", "ru", "en", "leave-now", "table-template"))
"""Parts of the data of buttons that do more than show a screen."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["sqlite", "postgresql"])
async def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The old shop with today's code, a moment after it was stopped. In a sandbox of its own: time is another there."""
    server = request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_server")
    url = server.create(migrated=False)
    load(url)
    upgrade(url)
    clock = Clock(offset=LEFT_AT.timestamp() - time.time())
    async with running_sandbox(clock) as sandbox_url, new_world(sandbox_url, token=TOKEN) as sandbox:
        yookassa = await sandbox.shop(**KEYS)
        settings = shop_settings(
            sandbox,
            url,
            models_dir=write_store(tmp_path_factory.mktemp("store")),
            owner_ids=(OWNER_ID, LATE_OWNER),
            yookassa_shop_id=yookassa.shop_id,
            yookassa_secret_key=yookassa.secret_key,
            yookassa_api_url=yookassa.api_url,
            yookassa_vat_code=1,
        )
        app = App(settings, parts=("bot", "web", "worker"), clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
        stage = Stage(sandbox=sandbox, app=app)
        await _talked_before(stage)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "ONE_CHAT", 0.05)
            async with app.running():
                await until(partial(_all_is_told, stage), seconds=60.0)
                yield stage
    server.give_back(url)


async def _all_is_told(stage: Stage) -> bool:
    return not await stage.app.db.read(_count, OutboxStatus.PENDING)


def _failed(session: Session, telegram_id: int) -> dict[UUID, str]:
    """The word in `error_code` of each of somebody's predictions that brought none."""
    mine = _predictions.c.user_id == select(_people.c.id).where(_people.c.telegram_id == telegram_id).scalar_subquery()
    rows = session.execute(select(_predictions.c.id, _predictions.c.error_code).where(mine))
    return {row.id: row.error_code for row in rows if row.error_code is not None}


def _count(session: Session, status: OutboxStatus) -> int:
    return session.scalar(select(func.count()).where(_outbox.c.status == status)) or 0


async def _talked_before(stage: Stage) -> None:
    """What people said long ago is no news to the bot, and new messages have other numbers than those of then."""
    for user in await stage.app.db.read(_users):
        names = {"id": user.telegram_id, "username": user.username}
        person = await stage.sandbox.person(user.first_name, language_code=user.language, **names)
        for _ in range(MESSAGES // 30 + 1):
            await person.says("/start")
    address = f"{stage.sandbox.base_url}/bot{TOKEN}/getUpdates"
    async with aiohttp.ClientSession() as http:
        async with http.post(address, json={"offset": -1}) as answer:
            (last,) = (await answer.json())["result"]
        await http.post(address, json={"offset": last["update_id"] + 1})


def _users(session: Session) -> list[AnyRow]:
    here = select(_people).where(_people.c.blocked_at.is_(None))
    return list(session.execute(here.order_by(_people.c.id)).all())


@pytest.fixture(autouse=True)
def nothing_failed() -> Iterator[None]:
    """Nothing in the log that an operator should look at."""
    with capture_logs() as lines:
        yield
    assert not [line for line in lines if line["log_level"] in ("error", "critical") or "exc_info" in line]


def words_of_the_code(text: str) -> list[str]:
    for words in NOT_OURS:
        text = text.replace(words, "")
    return RAW.findall(text)


async def _unread(stage: Stage) -> list[str]:
    """Keys of what waited in the old shop and was not sent since."""
    sent = select(_outbox.c.key).where(_outbox.c.status == OutboxStatus.SENT)
    told = set(await stage.app.db.read(lambda session: session.scalars(sent).all()))
    return [key for key in stored("SELECT key FROM outbox WHERE status = 'pending'") if key not in told]


async def called(stage: Stage, name: str) -> Person:
    """Somebody of the old shop."""
    users = await stage.app.db.read(_users)
    return await stage.sandbox.known(next(user.telegram_id for user in users if user.first_name == name))


def _shows(data: str) -> bool:
    """Whether a button only leads somewhere."""
    return not DECIDES & set(data.split(":"))


async def speaks(person: Person, language: str) -> None:
    await person.says("/language")
    await person.presses(LANGUAGES[language])


async def walks(person: Person, *commands: str) -> dict[str, str]:
    """Every screen that buttons lead to from the answers to these commands: what it says, by the data of its button.
    None of them has a word of the code on it."""
    seen: dict[str, str] = {}
    ways: list[tuple[str, int]] = []

    async def look(by: str) -> None:
        message = (await person.looks())[-1]
        seen[by] = message.text
        assert words_of_the_code(message.text) == [], f"{by}: {message}"
        ways.extend((button.data, message.id) for row in message.rows for button in row if button.data is not None)

    for command in commands:
        await person.says(command)
        await person.sees("")
        await look(command)
    while ways:
        data, message_id = ways.pop()
        if data in seen or not _shows(data):
            continue
        answer = await person.forges(data, message_id)
        assert words_of_the_code(answer.text or "") == [], data
        await look(data)
    return seen


TOLD = {
    "prediction": ("Анна", "Вино: Бароло"),
    "enclosure": ("Анна", "📄 Все числа"),
    "answer_undelivered": ("Ольга", "Ответ модели «Tiny» не удалось доставить"),
    "model_stopped": ("Ольга", "Модель «Tiny» больше не продаётся"),
    "model_problem": ("Ольга", "Модель «broken» не продаётся"),
    "bonus": ("John", "🎁 The weekly bonus is here: 2.00 credits."),
    "credits_changed": ("Анна", "Магазин забрал 3,00 кредита"),
    "from_owner": ("Анна", "Письмо, которое ждёт"),
    "payment": ("John", "✅ Paid: 800 ₽"),
    "refund": ("John", "↩️ 200 ₽"),
    "credits_expire": ("John", "⏳"),
    "payment_problem": ("Ольга", "а кредиты уже потрачены"),
}
"""Of each kind of message: who reads what."""


@pytest.mark.parametrize("kind", TOLD)
async def test_what_waited_is_told(stage: Stage, kind: str) -> None:
    name, words = TOLD[kind]
    await (await called(stage, name)).sees(words)


async def test_all_of_it_in_words(stage: Stage) -> None:
    """What the model painted had nothing to show as a file, and of an answer that was paid back nothing follows."""
    assert set(stored("SELECT kind FROM outbox WHERE status = 'pending'")) == set(TOLD)
    assert [key for key in await _unread(stage) if not key.endswith((":originals", ":table"))] == []
    for user in await stage.app.db.read(_users):
        for message in await (await stage.sandbox.known(user.telegram_id)).looks():
            assert words_of_the_code(message.text) == [], message


async def test_an_owner_who_comes_late(stage: Stage) -> None:
    oleg = await stage.person("Oleg", "en", id=LATE_OWNER)
    await oleg.says("/start")
    for words in (
        "“Tiny” is not sold any more",
        "of the model “Tiny” could not be delivered",
        "credits spent: 12.00",
    ):
        await oleg.sees(words)
    assert [word for message in await oleg.looks() for word in words_of_the_code(message.text)] == []


ANSWERS = {
    "Форма1": ("14.1", "2/13"),
    "Form2": ("2.4", "4/13"),
    "Форма5": ("/menu", "Что будем делать?"),
    "Почта": ("anna@example.com", "✅ Сохранено."),
    "Age": ("30", "✅ Saved."),
    "Сумма": ("300", "Пополнение на 300 ₽"),
    "Receipt": ("r@example.com", "Top-up: 300 ₽"),
    "Форма6": ("300", "По закону нужен чек"),
    "A-find": ("#3", "👤 John"),
    "A-give": ("5", "По какой причине?"),
    "A-reason": ("by mistake", "Take 5.00 credits from John?"),
    "A-letter": ("Добрый день!", "Отправить? Кому: John"),
    "A-price": ("4", "✅ Saved."),
    "A-package": ("New", "Сколько кредитов он даёт?"),
    "A-edit": ("1600", "✅ Saved."),
    "A-number": ("", "Номер: "),
    "A-part": ("10", "For what reason?"),
    "A-why": ("потому что", "Вернуть 10 ₽? Кому: John"),
    "Ольга": ("#3", "🔑 John"),
}
"""What each of them types in answer to the question of the old shop, and what comes then."""


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_question_waits_for_its_answer(stage: Stage, name: str) -> None:
    typed, then = ANSWERS[name]
    person = await called(stage, name)
    await person.says(typed or UUID(stored("SELECT id FROM payments LIMIT 1")[0]).hex)
    answer = await person.sees(then)
    assert words_of_the_code(answer.text) == []


async def test_a_form_waits_for_its_picture_and_for_yes(stage: Stage) -> None:
    third = await called(stage, "Форма3")
    await third.sends_photo(STORE / "digit" / "example.png")
    await third.presses("🔮 Предсказать")
    await third.sees_photo("Цифра:")
    fourth = await called(stage, "Форма4")
    await fourth.says("/menu")
    await fourth.presses("▶️")
    await fourth.presses("🔮 Предсказать")
    await fourth.sees_photo("Бароло")


DECISIONS = {
    "D-change": "✅ Given: 5.00 credits.",
    "D-send": "✅",
    "D-create": "✅ Выставлено на продажу.",
    "D-off": "⛔ The shop is closed to them.",
    "D-refund": "YooKassa",
}
"""What comes of the decision that was on each one's screen."""


@pytest.mark.parametrize("name", DECISIONS)
async def test_a_decision_waits_for_its_yes(stage: Stage, name: str) -> None:
    person = await called(stage, name)
    (data,) = stored(f"SELECT data FROM fsm_state WHERE key LIKE '%:{person.id}:%'")
    nonce = json.loads(data)["admin"]["nonce"]
    await person.looks()
    await person.forges(f"adm-yes:{nonce}")
    answer = await person.sees(DECISIONS[name])
    assert words_of_the_code(answer.text) == []
    if name == "D-off":
        await person.presses("✅")
        await person.sees("The shop is open to them again.")


ADMIN = ("users", "user", "models", "model", "packs", "pack", "pays", "pay", "stats", "log")
LANGUAGES = {"ru": "Русский", "en": "English"}


@pytest.mark.parametrize("stage", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.parametrize(("name", "language"), [("Анна", "ru"), ("Анна", "en"), ("John", "en")])
async def test_every_screen_of_a_customer(stage: Stage, name: str, language: str) -> None:
    person = await called(stage, name)
    await speaks(person, language)
    commands = ("/menu", "/history", "/balance", "/topup", "/models", "/profile", "/help", "/bonus")
    seen = await walks(person, *commands)
    codes = await stage.app.db.read(_failed, person.id)
    tr, manifest = stage.app.catalogues[language], stage.app.services.models.manifest("wine")
    assert manifest is not None
    seconds = f"{manifest.runtime.timeout:g}"
    told = {data.split(":")[1]: text for data, text in seen.items() if data.startswith("prediction:")}
    for prediction_id, code in codes.items():
        assert tr.gettext(SENTENCES[code], seconds=seconds) in told[prediction_id.hex], code
    if name == "Анна":
        assert set(codes.values()) == set(SENTENCES)


@pytest.mark.parametrize("stage", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.parametrize(("name", "language"), [("Ольга", "ru"), ("A-find", "en")])
async def test_every_screen_of_an_admin(stage: Stage, name: str, language: str) -> None:
    person = await called(stage, name)
    await speaks(person, language)
    seen = await walks(person, "/admin")
    assert {data.split(":")[0] for data in seen} >= {f"adm-{name}" for name in ADMIN}
