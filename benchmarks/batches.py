"""Rows a second through the engine's micro-batcher with 128 callers waiting, against onnxruntime's own batch of 128
with its arrays ready; and what the engine adds to a lone call."""

import asyncio
import hashlib
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from onnx import TensorProto, helper

from benchmarks.finding import ROUNDS, Finding, ratio_finding
from services.inference.engine import Engine
from services.inference.feeds import Feeder
from services.inference.manifest import Manifest, load_manifest
from services.inference.onnx_runtime import graph_tensors, open_session
from services.inference.samples import example_row
from services.inference.series import load_source
from services.inference.tensors import Row

CALLERS = 128
SECONDS = 0.6  # of each measurement
LONE_CALLS = 300
MODELS = Path(__file__).parents[1] / "models_store"
Session = Any  # onnxruntime ships no types


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        trees = Path(folder) / "trees"
        write_trees(trees)
        names = {"trees": "200 trees over 20 features", "wine": "wine", "investment-risk": "investment-risk"}
        folders = [trees, MODELS / "wine", MODELS / "investment-risk", MODELS / "digit"]
        findings = []
        for path in folders:
            findings += uvloop.run(_measure(path, names.get(path.name, path.name)))
    return findings


async def _measure(folder: Path, name: str) -> list[Finding]:
    manifest, row = _example(folder)
    engine = Engine(max_threads=2)
    await engine.load(manifest, folder)
    session, feeds, outputs = _bare(manifest, folder, row)
    ours, limit, added = [], [], []
    try:
        for _ in range(ROUNDS):
            ours.append(await _callers(engine, manifest.slug, row))
            limit.append(_whole_batches(session, outputs, feeds(CALLERS)))
            added.append(await _lone(engine, manifest.slug, row) - _alone(session, outputs, feeds(1)))
    finally:
        await engine.close()
    rows = f"Rows through the micro-batcher, {CALLERS} callers, against onnxruntime's batch of {CALLERS}: {name}"
    extra = statistics.median(added) * 1000
    pictures = manifest.slug == "digit"
    lone = Finding(
        name=f"What the engine adds to a lone call: {name}",
        ours=f"{extra:.2f} ms",
        limit="—",
        result=f"{extra:.2f} ms",
        target="—" if pictures else "< 1 ms",
        met=None if pictures else extra < 1,
    )
    ratio = ratio_finding(rows, ours, limit, unit="rows/s", target=0.6, counts=not pictures)
    return [ratio, lone]


def _example(folder: Path) -> tuple[Manifest, Row]:
    """The manifest's example; a series as numbers, as a customer's own prices come."""
    manifest = load_manifest(folder)
    row = example_row(manifest, folder)
    values = dict(row.values)
    for field in manifest.inputs:
        value = values[field.name]
        if field.type == "series" and isinstance(value, dict):
            values[field.name] = load_source(folder, field, value["source"])[-field.max_length :]
    return manifest, Row(values=values, files=row.files)


def _bare(manifest: Manifest, folder: Path, row: Row) -> tuple[Session, Any, list[str]]:
    session = open_session((folder / manifest.runtime.file).read_bytes())
    feeder = Feeder(manifest, graph_tensors(session.get_inputs()), {})
    return session, lambda rows: feeder.feeds([row] * rows), sorted({output.tensor for output in manifest.outputs})


async def _callers(engine: Engine, slug: str, row: Row) -> float:
    """Each caller asks again as soon as it has its answer."""
    done = 0
    end = time.perf_counter() + SECONDS

    async def ask() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await engine.predict(slug, row)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(CALLERS)))
    return done / (time.perf_counter() - started)


def _whole_batches(session: Session, outputs: list[str], feeds: dict[str, Any]) -> float:
    runs, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        session.run(outputs, feeds)
        runs += 1
    return runs * CALLERS / elapsed


async def _lone(engine: Engine, slug: str, row: Row) -> float:
    times = []
    for _ in range(LONE_CALLS):
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


FEATURES, TREES, DEPTH = 20, 200, 5


def write_trees(folder: Path) -> None:
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
    head += f'file = "model.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nmax_batch = 256\n'
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
