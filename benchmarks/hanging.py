"""What a server that hangs costs the models of this machine: wine's sales a second with and without one."""

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import uvloop

from benchmarks.finding import Finding, ratio_finding, rounds
from benchmarks.sales import CUSTOMERS, MODELS, sell
from sandbox.testing import new_token, new_world, sandbox_process
from services.notifications.message_ref import MessageRef
from services.predictions.service import Predictions
from services.predictions.submit import Order

IRIS = Path(__file__).parents[1] / "bot/demo/models/iris/manifest.toml"
ADDRESS = "http://inference.sandbox.invalid"
HANGING = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()

        def place() -> Path:
            return Path(folder) / f"{next(numbers)}.db"

        ours, limit = rounds(lambda: uvloop.run(_round(place(), hangs=True)), lambda: uvloop.run(_round(place())))
    name = f"Paid wine, {CUSTOMERS} customers, while as many wait for a server that hangs, against none that does"
    return [ratio_finding(name, ours, limit, unit="sales/s", target=0.9)]


async def _round(path: Path, *, hangs: bool = False) -> float:
    """A shop of wine and of a model at a server, which is only ordered where the server hangs."""
    async with sandbox_process() as url, new_world(url, token=new_token()) as world:
        server = await world.inference()
        if hangs:
            await server.fault("hang", times=0)  # it says that it is ready, and answers no run
        store = path.with_suffix(".models")
        (store / "iris").mkdir(parents=True)
        (store / "wine").symlink_to(MODELS / "wine")
        manifest = IRIS.read_text(encoding="utf-8").replace(ADDRESS, server.url)
        (store / "iris" / "manifest.toml").write_text(manifest, encoding="utf-8")
        return await sell(path, store, _order if hangs else None)


async def _order(predictions: Predictions, customers: Sequence[int]) -> None:
    for user_id in customers:
        order = Order(
            user_id=user_id,
            model_slug="iris",
            model_version="1.0.0",
            inputs=HANGING,
            price=50,
            request_key=uuid4().hex,
            shown_in=MessageRef(chat_id=user_id, message_id=2),
        )
        await predictions.submit(order)
