"""Models that listen and models that read tokens: a voice message in, words and sounds out."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.client.person import Person
from tests.conversations.shopping import balance, opens_form
from tests.conversations.stage import Stage, open_stage
from tests.support.databases import SqliteServer
from tests.support.sounds import encoded
from tests.unit.inference.models import FLOAT, NUMBER_Y, graph, node, weight, write_model
from tests.unit.inference.test_texts import summed, tokenizer, tokens

HEARD = (
    '[[inputs]]\nname = "voice"\ntype = "audio"\nlabel = { ru = "Голос", en = "Voice" }\nrate = 16000\n'
    'min_seconds = 0.5\nmax_seconds = 20\ntensor = { name = "X" }\n'
)
LOUD = '[[outputs]]\nname = "y"\ntype = "number"\nlabel = { ru = "Громкость", en = "Loudness" }\ntensor = "Y"\n'

QUIET = (
    '[[outputs]]\nname = "quiet"\ntype = "audio"\nlabel = { ru = "Тише", en = "Quieter" }\nrate = 16000\ntensor = "Y"\n'
)
SAMPLES = [("X", FLOAT, ["N", "S"])], [("Y", FLOAT, ["N", "S"])]

READ = tokens(', mask = "mask", max_tokens = 3, long = "refuse"')


def loudness() -> bytes:
    """The mean of the absolute samples."""
    nodes = [node("Abs", ["X"], ["loud"]), node("ReduceMean", ["loud"], ["Y"], axes=[1], keepdims=1)]
    return graph(nodes, [("X", FLOAT, ["N", "S"])], [("Y", FLOAT, ["N", 1])])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    write_model(store, loudness(), HEARD + LOUD, slug="loud")
    clean = HEARD.replace("min_seconds = 0.5", "min_seconds = 0.1") + QUIET
    write_model(store, graph([node("Mul", ["X", "half"], ["Y"])], *SAMPLES, [weight("half", 0.5)]), clean, slug="quiet")
    asked = f'[[inputs]]\nname = "x"\ntype = "text"\nlabel = "X"\ntensor = {{ name = "ids", {READ} }}\n'
    (write_model(store, summed(), asked + NUMBER_Y, slug="read") / "tokenizer.json").write_bytes(tokenizer())
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def anna(shop: Stage) -> AsyncIterator[Person]:
    yield await shop.person("Анна", "ru")
    await shop.books_hold()


async def test_a_voice_message(shop: Stage, anna: Person) -> None:
    question = await opens_form(anna, "loud")
    assert "Запишите голосовое сообщение или пришлите аудиофайл. От 0,5 до 20 секунд." in question.text
    await anna.says("алло")
    await anna.sees("Здесь нужен звук")
    await anna.sends_voice(encoded("voice", seconds=2))
    await anna.sees("Голос: звук")
    await anna.presses("🔮")
    await anna.sees("Громкость: 0,0")
    assert await balance(shop, anna) == 900
    await anna.says("/history")
    await anna.presses("Tiny")
    await anna.sees("Громкость: 0,0")


SONG = encoded("mp3", seconds=200, rate=8_000, loud=0)


@pytest.mark.parametrize(
    ("name", "sound", "problem"),
    [
        (
            "song.mp3",
            SONG,
            "Звук длится 3:20, прослушать можно не больше 0:20",
        ),
        ("word.wav", encoded("wav", seconds=0.1), "Звук слишком короткий: нужно хотя бы 0,5 с"),
        ("song.mp3", b"RIFF no sound", "Это не звук, который можно проиграть"),
        ("notes.txt", b"1 2 3", "Это не звук, который можно проиграть"),
    ],
)
async def test_what_cannot_be_listened_to(anna: Person, name: str, sound: bytes, problem: str) -> None:
    await opens_form(anna, "loud")
    await anna.sends_file(name, sound)
    await anna.sees(problem)
    await anna.sends_file("silence.m4a", encoded("m4a", seconds=1, rate=44_100, loud=0))
    await anna.sees("Голос: звук")


async def test_a_sound_comes_as_a_voice_message(shop: Stage, anna: Person) -> None:
    await opens_form(anna, "quiet")
    await anna.sends_voice(encoded("voice", seconds=3))
    await anna.sees("Голос: звук")
    await anna.presses("🔮")
    await anna.sees("Тише: 0:03")
    voice = await anna.sees(re.compile("^Тише$"))
    assert voice.raw["voice"]["duration"] == 3


async def test_who_takes_no_voice_messages_gets_a_file(shop: Stage, anna: Person) -> None:
    forbidden = "Bad Request: VOICE_MESSAGES_FORBIDDEN"
    await shop.sandbox.fault("sendVoice", "400", times=1, chat_id=anna.id, description=forbidden)
    await opens_form(anna, "quiet")
    await anna.sends_voice(encoded("voice", seconds=1))
    await anna.sees("Голос: звук")
    await anna.presses("🔮")
    file = await anna.sees(re.compile("^Тише$"))
    assert file.raw["document"]["file_name"] == "quiet.wav"


async def test_a_text_is_read_by_tokens(shop: Stage, anna: Person) -> None:
    await opens_form(anna, "read")
    await anna.says("red white")
    await anna.presses("🔮")
    await anna.sees("32")
    assert await balance(shop, anna) == 900
    await opens_form(anna, "read")
    await anna.says("red white dry")
    await anna.presses("🔮")
    await anna.sees("Текст длиннее, чем эта модель может прочитать. Пришлите короче.")
    assert await balance(shop, anna) == 900
