"""Assistants on sale: apart from what has a form, with their personas, and resting while their server is away."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.wiring.inference import RUNTIMES
from db.base import table_of
from db.engine import Database
from db.tables.outbox import OutboxMessage
from services.inference.chat import TextDelta
from services.inference.engine import Engine
from services.inference.errors import ModelBroken, ModelUnavailable, StreamCut
from services.inference.tensors import Row
from services.models.manage import ModelManagement
from services.models.offers import ModelNotOnSale, Models
from services.models.presets import Presets
from services.models.server_watch import ServerWatch
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.shop import add_user
from tests.unit.inference.chat.assistants import HELLO
from tests.unit.inference.chat.server import DONE, ChatServer, Reply, chat_server, delta, refusal
from tests.unit.models.runs import STORE

OWNER = 900
MANIFEST = """
slug = "sage"
version = "1.0.0"
title = {{ ru = "Мудрец", en = "Sage" }}
price = "0.50"
order = 5
[runtime]
kind = "chat"
url = "{url}"
model = "sage-1"
context = 4096
"""
PERSONAS = """
[[presets]]
slug = "pirate"
name = { ru = "Пират", en = "Pirate" }
icon = "🏴"
price = "0.70"
order = 7
prompt = "You are a pirate, {name} is your captain."
"""


@pytest.fixture
async def provider() -> AsyncGenerator[ChatServer, None]:
    async with chat_server() as running:
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    db: Database
    clock: FakeClock
    models: Models
    presets: Presets
    engine: Engine
    folder: Path

    async def reads(self, url: str, personas: str = PERSONAS) -> list[str]:
        """Starts with such folders; what is told to owners."""
        (self.folder / "manifest.toml").write_text(MANIFEST.format(url=url), encoding="utf-8")
        (self.folder / "presets.toml").write_text(personas, encoding="utf-8")
        return [problem.text for problem in await self.models.sync(self.engine)]


@pytest.fixture
async def shop(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Shop]:
    folder = tmp_path / "sage"
    folder.mkdir()
    (tmp_path / "wine").symlink_to(STORE / "wine")
    models = Models(database, clock, tmp_path, RUNTIMES.specs)
    engine = Engine(RUNTIMES, max_threads=1)
    presets = Presets(database, files_of(database, clock), models.folder)
    yield Shop(db=database, clock=clock, models=models, presets=presets, engine=engine, folder=folder)
    await engine.close()


async def test_they_stand_apart(shop: Shop, provider: ChatServer) -> None:
    assert await shop.reads(provider.url) == []
    assert [offer.slug for offer in await shop.models.offers()] == ["wine"]
    sage, pirate = await shop.models.assistants()
    assert (sage.slug, sage.price, sage.preset_id, sage.prompt) == ("sage", 50, None, None)
    assert (pirate.slug, pirate.price, pirate.icon, pirate.manifest) == ("pirate", 70, "🏴", sage.manifest)
    assert pirate.prompt == "You are a pirate, {name} is your captain."
    assert (await shop.models.assistant("pirate")).slug == "pirate"
    assert len(await shop.models.sold()) == 3
    with pytest.raises(ModelNotOnSale):
        await shop.models.offer("sage")
    with pytest.raises(ModelNotOnSale):
        await shop.models.assistant("wine")
    assert await shop.presets.categories() == [], "a persona is no style of the gallery"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('category = "Fun"', "presets.pirate.category: is for styles. Remove it"),
        (f'prompt = "{"ж" * 1_900}"', "presets.pirate.prompt: leaves no room for a question"),
        ("inputs = { a = 1 }", "presets.pirate.inputs.a: is nothing that the model"),
    ],
)
async def test_what_a_persona_does_not_have(shop: Shop, provider: ChatServer, more: str, told: str) -> None:
    personas = PERSONAS.partition("prompt")[0] if more.startswith("prompt") else PERSONAS
    (problem,) = await shop.reads(provider.url, personas + more)
    assert told in problem


async def test_one_without_its_key_is_not_sold(shop: Shop, provider: ChatServer) -> None:
    file = shop.folder / "manifest.toml"
    file.write_text(MANIFEST.format(url=provider.url) + 'key = "env:NO_SUCH_KEY"\n', encoding="utf-8")
    (problem,) = await shop.models.sync(shop.engine)
    assert problem.text == "the variable NO_SUCH_KEY is not set. Set it where the shop runs"
    assert await shop.models.assistants() == []


async def test_what_its_provider_asks_is_known_where_its_manifest_says_it(shop: Shop, provider: ChatServer) -> None:
    management = ModelManagement(shop.db, shop.clock, Staff(()))
    await shop.reads(provider.url)
    assert (await management.get("sage")).provider_prices is None
    text = MANIFEST.format(url=provider.url) + 'input_cost = "15"\noutput_cost = "0"\n'
    (shop.folder / "manifest.toml").write_text(text, encoding="utf-8")
    assert await shop.models.sync(shop.engine) == []
    assert (await management.get("sage")).provider_prices == (1_500, 0)


async def test_the_engine_gives_who_answers(shop: Shop, provider: ChatServer) -> None:
    await shop.reads(provider.url)
    assert list(shop.engine.assistants) == list(shop.engine.remote) == ["sage"]
    assert shop.engine.serves("sage")
    async with aclosing(shop.engine.assistant("sage").stream(HELLO)) as events:
        assert await anext(events) == TextDelta(text="Hel")
    for slug in ("wine", "nobody"):
        with pytest.raises(ModelUnavailable):
            shop.engine.assistant(slug)
    with pytest.raises(ModelUnavailable):
        await shop.engine.predict("sage", Row(values={}))


async def test_a_changed_manifest_lets_answers_end(shop: Shop, provider: ChatServer) -> None:
    await shop.reads(provider.url)
    before = shop.engine.assistant("sage")
    async with aclosing(before.stream(HELLO)) as events:
        assert await anext(events) == TextDelta(text="Hel")
        (shop.folder / "manifest.toml").write_text(MANIFEST.format(url=provider.url + "/new"), encoding="utf-8")
        assert not await shop.models.sync(shop.engine)
        assert shop.engine.assistant("sage") is not before
        assert await anext(events) == TextDelta(text="lo")
    with pytest.raises(ModelUnavailable):
        await anext(before.stream(HELLO))


async def test_the_end_of_a_process_cuts_them_short(shop: Shop, provider: ChatServer) -> None:
    provider.replies = [Reply([delta("Hel")], hold=True)]
    await shop.reads(provider.url)
    async with aclosing(shop.engine.assistant("sage").stream(HELLO)) as events:
        await anext(events)
        async with asyncio.timeout(20):
            await shop.engine.close()
        with pytest.raises(StreamCut):
            await anext(events)


async def test_an_empty_account_makes_it_rest_until_it_is_filled(shop: Shop, provider: ChatServer) -> None:
    """Though the list of models says nothing of it; owners hear of both, once."""
    await shop.reads(provider.url)
    owner = await shop.db.write(add_user, telegram_id=OWNER)
    watch = ServerWatch(shop.db, shop.engine, shop.clock, lambda: None, owners=[OWNER])

    async def look() -> None:
        watch._due.clear()  # whenever it is time
        await watch.look()

    await look()
    provider.replies = [refusal(429, {"error": {"message": "no credit", "code": "insufficient_quota"}})]
    with pytest.raises(ModelBroken):
        async for _ in shop.engine.assistant("sage").stream(HELLO):
            pass
    for _ in range(3):
        await look()
    assert not shop.engine.serves("sage")
    assert [offer.resting for offer in await shop.models.assistants()] == [True, True]
    provider.replies = [Reply([delta("1", "length"), DONE])]
    for _ in range(2):
        await look()
    assert shop.engine.serves("sage")
    assert not any(offer.resting for offer in await shop.models.assistants())
    outbox = table_of(OutboxMessage)
    rows = await shop.db.read(lambda session: session.execute(outbox.select().where(outbox.c.user_id == owner)).all())
    assert [row.kind for row in rows] == ["model_rests", "model_serves"]
    assert "no credit" in str(rows[0].payload)
