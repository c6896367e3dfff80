"""A shop that starts again talks before its models are loaded, if they are the ones that it had."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from bot.app import App
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_token, new_world
from services.errors import ShopError
from services.inference.runtimes.base import Limit
from services.inference.runtimes.registry import RuntimeKind, Runtimes
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import OnnxSpec
from tests.conversations.shopping import orders
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, identity, write_model


class Doubling:
    """Takes until it is `let` to load."""

    let = threading.Event()

    def __init__(self, _manifest: Manifest, _folder: Path) -> None:
        pass

    def load(self) -> None:
        assert self.let.wait(30)

    def warm_up(self, limit: Limit) -> None:
        """It is warm."""

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        return [Result(outputs={"y": 2 * float(str(row.values["x"]))}, advice=None, images={}) for row in rows]

    def close(self) -> None:
        """Nothing is held."""


SLOW = Runtimes([RuntimeKind(name="onnx", spec=OnnxSpec, open=Doubling)])


async def test_it_talks_and_sells_while_they_are_loaded(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path
) -> None:
    write_model(tmp_path, identity(), NUMBER_X + NUMBER_Y, slug="plain")
    database = sqlite_server.create()
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        settings = shop_settings(sandbox, database, models_dir=tmp_path)
        Doubling.let.set()
        async with App(settings, runtimes=SLOW).running():
            pass
        Doubling.let.clear()
        async with asyncio.TaskGroup() as tasks:
            served = tasks.create_task(_buys(sandbox))
            async with App(settings, runtimes=SLOW).running():
                await served


async def _buys(sandbox: Sandbox) -> None:
    anna = await sandbox.person("Anna", language_code="en")
    try:
        await orders(anna, "plain", "21")
    finally:
        Doubling.let.set()
    await anna.sees("Y: 42")
