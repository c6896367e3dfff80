"""Painted pictures a second at 512 × 512 with 32 customers waiting, against the bare session that paints one after
another with its arrays ready; and how long a lone photo takes."""

import asyncio
import io
import random
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from PIL import Image

from benchmarks.finding import ROUNDS, Finding, ratio_finding
from bot.wiring.inference import RUNTIMES
from services.inference.engine import Engine
from services.inference.runtimes.onnx import open_file
from services.inference.runtimes.style_transfer.kind import StyleTransferSpec
from services.inference.tensors import Row
from services.manifests.manifest import ChoiceInput, Manifest, load_manifest

CUSTOMERS = 32
SECONDS = 3.0  # of each measurement
SIDE = 512
LARGE = (1280, 960)
MODELS = Path(__file__).parents[1] / "models_store"
Session = Any  # onnxruntime ships no types


def measure() -> list[Finding]:
    return [*uvloop.run(_measure("painter", judged=True)), *uvloop.run(_measure("own-style", judged=False))]


async def _measure(slug: str, *, judged: bool) -> list[Finding]:
    folder = MODELS / slug
    manifest = load_manifest(folder, RUNTIMES.specs)
    engine = Engine(RUNTIMES, max_threads=2)
    await engine.load(manifest, folder)
    rows = [_row(manifest, folder, n, (SIDE, SIDE)) for n in range(CUSTOMERS)]
    session, feeds = _bare(manifest, folder)
    ours, limit, alone, large = [], [], [], []
    try:
        for _ in range(ROUNDS):
            ours.append(await _customers(engine, slug, rows))
            limit.append(_one_by_one(session, feeds))
            alone.append(await _lone(engine, slug, rows[0]))
            large.append(await _lone(engine, slug, _row(manifest, folder, 1, LARGE)))
    finally:
        await engine.close()
    title = f"Painted pictures of {SIDE} × {SIDE}, {CUSTOMERS} customers, against the bare session: {slug}"
    took = [(f"{SIDE} × {SIDE}", alone), (f"{LARGE[0]} × {LARGE[1]}", large)]
    return [
        ratio_finding(title, ours, limit, unit="pictures/s", target=0.8, counts=judged, decimals=1),
        *(_told(f"A lone photo of {size}, painted: {slug}", times) for size, times in took),
    ]


def _told(name: str, times: list[float]) -> Finding:
    took = statistics.median(times) * 1000
    return Finding(name=name, ours=f"{took:.0f} ms", limit="—", result="", target="—", met=None)


def _row(manifest: Manifest, folder: Path, number: int, size: tuple[int, int]) -> Row:
    """Another photo and another style for each customer."""
    chance = random.Random(number)
    photo = Image.open(folder / "example.jpg").resize(size).rotate(90 * number).resize(size)
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=90)
    values = {
        field.name: chance.choice(field.options).value
        for field in manifest.inputs
        if isinstance(field, ChoiceInput) and field.name != "mix"
    }
    files = {"photo": stream.getvalue(), "style_photo": (MODELS / "own-style" / "style.jpg").read_bytes()}
    return Row(values={**values, "mix": "0"}, files=files)


def _bare(manifest: Manifest, folder: Path) -> tuple[Session, dict[str, Any]]:
    """The network that paints."""
    assert isinstance(manifest.runtime, StyleTransferSpec)
    with manifest.runtime.path(folder).open("rb") as file:
        session = open_file(file, shared=False)
    shapes = {
        each.name: [side if isinstance(side, int) else SIDE for side in each.shape] for each in session.get_inputs()
    }
    chance = np.random.default_rng(1)
    return session, {name: chance.random(shape).astype(np.float32) for name, shape in shapes.items()}


async def _customers(engine: Engine, slug: str, rows: list[Row]) -> float:
    """Each asks again as soon as the picture is there."""
    done, started = 0, time.perf_counter()
    end = started + SECONDS

    async def ask(row: Row) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await engine.predict(slug, row)
            done += 1

    await asyncio.gather(*(ask(row) for row in rows))
    return done / (time.perf_counter() - started)


def _one_by_one(session: Session, feeds: dict[str, Any]) -> float:
    runs, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        session.run(None, feeds)
        runs += 1
    return runs / elapsed


async def _lone(engine: Engine, slug: str, row: Row) -> float:
    started = time.perf_counter()
    await engine.predict(slug, row)
    return time.perf_counter() - started
