"""Another runtime is a module of its own and one line of wiring: here a server that keeps models on its shelf."""

import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import pytest_asyncio

from bot.app import App
from sandbox.testing import new_token, new_world
from services.errors import ShopError
from services.inference.errors import ModelBroken
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import RuntimeKind, Runtimes
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import RuntimeSpec
from tests.conversations.shopping import orders
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, identity, write_model

SHELF = {"doubles": 2.0, "triples": 3.0}
MANIFEST = """slug = "{slug}"
version = "1"
title = "{slug}"
price = "1.00"
[runtime]
kind = "shelf"
place = "{place}"
max_batch = 4
"""


OVER = threading.Event()


class ShelfSpec(RuntimeSpec):
    kind: Literal["shelf"]
    place: str


class ShelfRuntime:
    """Multiplies by what lies at its place. A model named `hangs` waits as long as the shop, or the test, lets it."""

    def __init__(self, manifest: Manifest, _folder: Path) -> None:
        assert isinstance(manifest.runtime, ShelfSpec)
        self._place, self._hangs = manifest.runtime.place, manifest.slug == "hangs"
        self._warm = False

    def load(self) -> None:
        if self._place not in SHELF:
            raise ModelBroken(problem=f"nothing lies at {self._place}", fix="Put it there")

    def warm_up(self, limit: Limit) -> None:
        self._warm = True

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        if self._hangs:
            limit.begin(OVER.set)
            OVER.wait(30)
        factor = SHELF[self._place]
        return [Result(outputs={"y": float(str(row.values["x"])) * factor}, advice=None, images={}) for row in rows]

    def close(self) -> None:
        """Nothing is held."""


SHELVES = RuntimeKind(name="shelf", spec=ShelfSpec, open=ShelfRuntime, threads=1)


def place(store: Path, slug: str, where: str) -> None:
    (store / slug).mkdir()
    text = MANIFEST.format(slug=slug, place=where) + NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y
    (store / slug / "manifest.toml").write_text(text)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path) -> AsyncIterator[Stage]:
    place(tmp_path, "doubler", "doubles")
    place(tmp_path, "empty", "nowhere")
    place(tmp_path, "hangs", "triples")
    write_model(tmp_path, identity(), NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y, slug="plain")
    settings_of = {"models_dir": tmp_path}
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(
            shop_settings(sandbox, sqlite_server.create(), **settings_of), runtimes=Runtimes([ONNX, SHELVES])
        ).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


async def test_a_model_of_another_runtime_is_sold(shop: Stage) -> None:
    anna = await shop.person("Анна", "ru")
    await orders(anna, "doubler", "21")
    assert (await anna.sees("баланс 9,00")).holds("Y: 42")


async def test_a_model_that_its_runtime_does_not_have_is_not_sold(shop: Stage) -> None:
    anna = await shop.person("Анна", "ru")
    await anna.says("/models")
    screen = await anna.sees_button("doubler")
    assert [button for button in screen.buttons if "empty" in button] == []


async def test_kinds_do_not_wait_for_one_another(shop: Stage) -> None:
    """The only place of the shelf is taken by a customer whose model does not answer."""
    john, anna = await shop.person("John", "ru"), await shop.person("Анна", "ru")
    await orders(john, "hangs", "1")
    await orders(anna, "plain", "7")
    try:
        assert (await anna.sees("баланс 9,00")).holds("Y: 7")
        assert not OVER.is_set()
    finally:
        OVER.set()  # else the end of the shop would wait for it
