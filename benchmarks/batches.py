"""Rows a second through the engine's micro-batcher with 128 callers waiting, against onnxruntime's own batch of 128
with its arrays ready; and what the engine adds to a lone call."""

import asyncio
import hashlib
import os
import random
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from onnx import TensorProto, helper

from benchmarks.finding import ROUNDS, Finding, ratio_finding
from bot.wiring.inference import RUNTIMES
from services.inference.engine import Engine
from services.inference.runtimes.onnx import graph_tensors, open_session
from services.inference.runtimes.tensor_feeds import Feeder
from services.inference.tensors import Row
from services.manifests.manifest import Manifest, NumberInput, SeriesInput, load_manifest
from services.values.parse import Value
from services.values.samples import example_row
from services.values.series import load_source

CALLERS = 128
SECONDS = 0.6  # of each measurement
LONE_CALLS = 300
MODELS = Path(__file__).parents[1] / "models_store"
Session = Any  # onnxruntime ships no types


def measure() -> list[Finding]:
    """What is judged is a model whose run costs what a usual model's does. Where a row costs onnxruntime less than
    Python takes to look at it, the ratio tells of Python and is for information; so is the time of a photo."""
    with tempfile.TemporaryDirectory() as folder:
        trees = Path(folder) / "trees"
        write_trees(trees)
        caged = Path(folder) / "isolated-trees"
        write_trees(caged, "isolated = true\n")
        return [
            *uvloop.run(_measure(trees, f"{TREES} trees over {FEATURES} features", judged=True)),
            *uvloop.run(_measure(MODELS / "wine", "wine", judged=False)),
            *uvloop.run(_measure(MODELS / "investment-risk", "investment-risk", judged=False)),
            *uvloop.run(_measure_pictures(MODELS / "digit", "digit")),
            *uvloop.run(_measure_isolated(caged, trees)),
        ]


async def _measure(folder: Path, name: str, *, judged: bool) -> list[Finding]:
    manifest = load_manifest(folder)
    rows = _rows(manifest, folder)
    engine = Engine(RUNTIMES, max_threads=2)
    await engine.load(manifest, folder)
    session, feeder, outputs = _bare(manifest, folder)
    batch, alone = feeder.feeds(rows), feeder.feeds(rows[:1])
    ours, limit, added = [], [], []
    try:
        for _ in range(ROUNDS):
            ours.append(await _callers(engine, manifest.slug, rows))
            limit.append(_whole_batches(session, outputs, batch))
            added.append(await _lone(engine, manifest.slug, rows[0]) - _alone(session, outputs, alone))
    finally:
        await engine.close()
    title = f"Rows through the micro-batcher, {CALLERS} callers, against onnxruntime's batch of {CALLERS}: {name}"
    extra = statistics.median(added) * 1000
    lone = Finding(
        name=f"What the engine adds to a lone call: {name}",
        ours=f"{extra:.2f} ms",
        limit="—",
        result=f"{extra:.2f} ms",
        target="< 1 ms",
        met=extra < 1,
    )
    return [ratio_finding(title, ours, limit, unit="rows/s", target=0.6, counts=judged), lone]


async def _measure_pictures(folder: Path, name: str) -> list[Finding]:
    """A lone call of the folder's example, a photo: reading it and making it ready is most of it."""
    manifest = load_manifest(folder)
    row = example_row(manifest, folder)
    engine = Engine(RUNTIMES, max_threads=2)
    await engine.load(manifest, folder)
    try:
        took = await _lone(engine, manifest.slug, row, calls=20) * 1000
    finally:
        await engine.close()
    called = f"A lone call with a photo to make ready: {name}"
    return [Finding(name=called, ours=f"{took:.1f} ms", limit="—", result="", target="—", met=None)]


async def _measure_isolated(isolated: Path, here: Path) -> list[Finding]:
    """The same model in a process of its own: rows of 128 callers, a lone call, and how soon a killed one answers."""
    manifests = [load_manifest(folder) for folder in (isolated, here)]
    rows = _rows(manifests[0], isolated)
    engine = Engine(RUNTIMES, max_threads=2)
    ours, limit, added, back = [], [], [], []
    try:
        for manifest, folder in zip(manifests, (isolated, here), strict=True):
            await engine.load(manifest, folder)
        for _ in range(ROUNDS):
            ours.append(await _callers(engine, manifests[0].slug, rows))
            limit.append(await _callers(engine, manifests[1].slug, rows))
            lone = [await _lone(engine, manifest.slug, rows[0]) for manifest in manifests]
            added.append(lone[0] - lone[1])
            back.append(await _killed(engine, manifests[0].slug, rows[0]))
    finally:
        await engine.close()
    title = f"Rows of {CALLERS} callers through a process of its own, against the same model in the shop's: 200 trees"
    extra, again = statistics.median(added) * 1000, statistics.median(back)
    findings = (
        ("What a process of its own adds to a lone call: 200 trees", f"{extra:.2f} ms", "< 1.5 ms", extra < 1.5),
        ("From the death of that process to the next answer", f"{again:.2f} s", "< 1 s", again < 1),
    )
    return [
        ratio_finding(title, ours, limit, unit="rows/s", target=0.5),
        *(
            Finding(name=name, ours=value, limit="—", result=value, target=target, met=met)
            for name, value, target, met in findings
        ),
    ]


async def _killed(engine: Engine, slug: str, row: Row) -> float:
    """Seconds."""
    process = _process_of_a_model()
    started = time.perf_counter()
    os.kill(process, signal.SIGKILL)
    await engine.predict(slug, row)
    return time.perf_counter() - started


def _process_of_a_model() -> int:
    for children in Path("/proc/self/task").glob("*/children"):
        for process in children.read_text().split():
            if b"isolated.process" in Path(f"/proc/{process}/cmdline").read_bytes():
                return int(process)
    raise LookupError


def _rows(manifest: Manifest, folder: Path) -> list[Row]:
    """A row for each caller, no two alike: equal ones would spare the processor half of the work. A series is given as
    numbers, as a customer's own prices come."""
    example = example_row(manifest, folder)
    return [
        Row(values=_values(manifest, folder, example, random.Random(n)), files=example.files) for n in range(CALLERS)
    ]


def _values(manifest: Manifest, folder: Path, example: Row, chance: random.Random) -> dict[str, Value]:
    values = dict(example.values)
    for field in manifest.inputs:
        value = values[field.name]
        if isinstance(field, NumberInput):
            low, high = (0.0, 1.0) if field.min is None or field.max is None else (float(field.min), float(field.max))
            values[field.name] = chance.uniform(low, high)
        elif isinstance(field, SeriesInput) and isinstance(value, dict):
            prices = load_source(folder, field, str(value["source"]))
            end = chance.randint(field.max_length, len(prices))
            values[field.name] = prices[end - field.max_length : end]
    return values


def _bare(manifest: Manifest, folder: Path) -> tuple[Session, Feeder, list[str]]:
    session = open_session((folder / manifest.runtime.files["file"]).read_bytes())
    feeder = Feeder(manifest, graph_tensors(session.get_inputs()), {})
    return session, feeder, sorted({output.tensor for output in manifest.outputs})


async def _callers(engine: Engine, slug: str, rows: list[Row]) -> float:
    """Each caller asks again as soon as it has its answer."""
    done = 0
    end = time.perf_counter() + SECONDS

    async def ask(row: Row) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await engine.predict(slug, row)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(ask(row) for row in rows))
    return done / (time.perf_counter() - started)


def _whole_batches(session: Session, outputs: list[str], feeds: dict[str, Any]) -> float:
    runs, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        session.run(outputs, feeds)
        runs += 1
    return runs * CALLERS / elapsed


async def _lone(engine: Engine, slug: str, row: Row, *, calls: int = LONE_CALLS) -> float:
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        await engine.predict(slug, row)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _alone(session: Session, outputs: list[str], feeds: dict[str, Any]) -> float:
    times = []
    for _ in range(LONE_CALLS):
        started = time.perf_counter()
        session.run(outputs, feeds)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


FEATURES, TREES, DEPTH = 20, 200, 3  # what scikit-learn's gradient boosting grows unless told otherwise


def write_trees(folder: Path, runtime: str = "") -> None:
    """A model as heavy as a usual gradient boosting, its splits drawn by lot: speed does not ask what it learned."""
    folder.mkdir()
    graph = helper.make_graph(
        [_ensemble(random.Random(1))],
        "trees",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, FEATURES])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    data = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    inputs = "".join(
        f'[[inputs]]\nname = "x{n}"\ntype = "number"\nlabel = "x{n}"\nexample = 0.{n}\ntensor = {{ name = "X" }}\n'
        for n in range(FEATURES)
    )
    head = f'slug = "{folder.name}"\nversion = "1"\ntitle = "Trees"\nprice = "1.00"\n[runtime]\nkind = "onnx"\n'
    head += f'file = "model.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nmax_batch = 256\n{runtime}'
    output = '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "y"\ntensor = "Y"\n'
    (folder / "manifest.toml").write_text(head + inputs + output)


def _ensemble(chance: random.Random) -> Any:  # Any: protobuf
    """Full binary trees, numbered level by level."""
    inner, nodes = 2**DEPTH - 1, 2 ** (DEPTH + 1) - 1
    every = [(tree, node) for tree in range(TREES) for node in range(nodes)]
    leaves = [(tree, node) for tree, node in every if node >= inner]
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[tree for tree, _ in every],
        nodes_nodeids=[node for _, node in every],
        nodes_featureids=[chance.randrange(FEATURES) if node < inner else 0 for _, node in every],
        nodes_values=[chance.random() if node < inner else 0.0 for _, node in every],
        nodes_modes=["BRANCH_LEQ" if node < inner else "LEAF" for _, node in every],
        nodes_truenodeids=[2 * node + 1 if node < inner else 0 for _, node in every],
        nodes_falsenodeids=[2 * node + 2 if node < inner else 0 for _, node in every],
        target_treeids=[tree for tree, _ in leaves],
        target_nodeids=[node for _, node in leaves],
        target_ids=[0] * len(leaves),
        target_weights=[chance.random() for _ in leaves],
    )
