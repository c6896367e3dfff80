"""`kassandra models check FOLDER`: everything that can be said of a model before a customer meets it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

from services.authoring.check_line import CheckLine
from services.errors import ShopError
from services.inference.errors import ModelBroken, RunTimeout
from services.inference.heap import freed_at_once
from services.inference.memory import Measuring, Taken, about, in_words
from services.inference.runtimes.base import Limit, Runtime, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.onnx_file import held, one_line
from services.inference.runtimes.onnx_judge import label_lines
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import Runtimes
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.labels import NAMELESS
from services.manifests.manifest import ImageInput, Manifest, SeriesInput, load_manifest
from services.manifests.outputs import Labelled
from services.manifests.runtime import OnnxSpec
from services.values.samples import example_row

_ONNX = Runtimes([ONNX])


def check_folder(folder: Path, runtimes: Runtimes = _ONNX) -> list[CheckLine]:
    """Look at manifest, files, graph and example, in this order; the first failure hides what comes after it."""
    return list(_check(folder, runtimes))


def _check(folder: Path, runtimes: Runtimes) -> Iterator[CheckLine]:
    try:
        manifest = load_manifest(folder, runtimes.specs)
    except ManifestError as error:
        yield CheckLine(what="manifest", ok=False, detail=f"{error.key}: {error.problem}".strip(": "), fix=error.fix)
        return
    detail = f"{manifest.slug} {manifest.version}, {len(manifest.inputs)} inputs, {len(manifest.outputs)} outputs"
    yield CheckLine(what="manifest", ok=True, detail=detail)
    for file in _files(folder, manifest):
        if file.stat().st_nlink > 1:
            fix = "Put a copy of the file there"
            yield CheckLine(
                what="files", ok=False, detail=f"{file.name} is a hard link: it can change elsewhere", fix=fix
            )
            return
    spec = manifest.runtime
    if isinstance(spec, OnnxSpec):
        yield CheckLine(what="files", ok=True, detail=f"sha256 {spec.sha256[:12]}…")
        yield from _onnx_lines(manifest, folder, folder / spec.file)
        return
    runtime = runtimes.of(manifest).open(manifest, folder)
    try:
        runtime.load()
    except ModelBroken as error:
        yield CheckLine(what="model", ok=False, detail=error.problem, fix=error.fix)
        return
    yield from _run_lines(runtime, manifest, folder)


def _onnx_lines(manifest: Manifest, folder: Path, file: Path) -> Iterator[CheckLine]:
    try:
        with held(file) as stream:
            expected = about(stream)
    except ModelBroken as error:
        yield CheckLine(what="onnx", ok=False, detail=error.problem, fix=error.fix)
        return
    complaint = _complaint(file)
    measuring = Measuring()
    runtime = OnnxRuntime(manifest, folder)
    try:
        runtime.load()
    except ModelBroken as error:
        what, detail = ("graph", error.problem) if complaint is None else ("onnx", complaint)
        yield CheckLine(what=what, ok=False, detail=detail, fix=error.fix)
        return
    if complaint is None:
        yield CheckLine(what="onnx", ok=True, detail="passes onnx.checker, keeps its weights inside")
    else:
        fix = "onnxruntime takes it all the same; other programs may not"
        yield CheckLine(what="onnx", ok=True, detail=f"onnx.checker: {complaint}", fix=fix)
    yield CheckLine(what="graph", ok=True, detail="its inputs and outputs are those of the manifest")
    yield from _run_lines(runtime, manifest, folder)
    yield CheckLine(what="memory", ok=True, detail=_taken(measuring.taken(), expected))
    yield from label_lines(runtime, manifest, file)


def _files(folder: Path, manifest: Manifest) -> list[Path]:
    """All that it names."""
    names = list(manifest.runtime.files.values())
    for field in manifest.inputs:
        if isinstance(field, SeriesInput):
            names += [source.file for source in field.sources]
        elif isinstance(field, ImageInput) and field.example is not None:
            names.append(field.example)
    names += [output.labels for output in manifest.outputs if isinstance(output, Labelled) and output.labels]
    return [folder / name for name in names]


def _taken(taken: Taken | None, expected: int) -> str:
    """What the model takes with its example; `expected` of its file, where nothing is measured."""
    if taken is None:
        return f"it keeps about {in_words(expected)}"
    most = "" if taken.most is None else f", {in_words(taken.most)} at the most, while it is read and run"
    return f"it keeps {in_words(taken.kept)}{most}"


def _complaint(file: Path) -> str | None:
    """What onnx.checker does not like; onnxruntime may take it all the same."""
    try:
        with freed_at_once():
            onnx.checker.check_model(file)
    except (onnx.checker.ValidationError, ValueError) as error:
        return one_line(error)
    return None


def _run_lines(runtime: Runtime, manifest: Manifest, folder: Path) -> Iterator[CheckLine]:
    row = example_row(manifest, folder)
    try:
        with watched(Limit(manifest.runtime.timeout)) as limit:
            runtime.warm_up(limit)  # the shop's own verdict
        result, seconds = _run(runtime, manifest, [row])
    except (ModelBroken, RunTimeout) as error:
        yield CheckLine(what="example", ok=False, detail=error.problem, fix=error.fix)
        return
    yield CheckLine(what="example", ok=True, detail=f"{_shown(result[0])} in {seconds * 1000:.1f} ms")
    if manifest.runtime.max_batch == 1:
        return
    try:
        several, _ = _run(runtime, manifest, [row, row])
        same = all(_close(answer.outputs, result[0].outputs) for answer in several)
    except ShopError as error:
        problem = str(error.params.get("problem", error))
        yield CheckLine(what="batch", ok=False, detail=f"two rows at once: {problem}", fix="Set runtime.max_batch = 1")
        return
    detail = "two rows at once give the same answers" if same else "two rows at once give other answers than one"
    yield CheckLine(what="batch", ok=same, detail=detail, fix="" if same else "Set runtime.max_batch = 1")


def _run(runtime: Runtime, manifest: Manifest, rows: list[Row]) -> tuple[list[Result], float]:
    begun = time.perf_counter()
    with watched(Limit(manifest.runtime.timeout)) as limit:
        answers = runtime.run(rows, limit)
    results = []
    for answer in answers:
        if isinstance(answer, ShopError):
            raise answer
        results.append(answer)
    return results, time.perf_counter() - begun


def _close(one: Any, other: Any) -> bool:  # Any: JSON of the same outputs
    if isinstance(one, dict):
        return all(_close(one[key], other[key]) for key in other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-4 * max(1.0, abs(other))
    return bool(one == other)


def _shown(result: Result) -> str:
    """The answers in a line."""
    parts = []
    for name, answer in result.outputs.items():
        if isinstance(answer, dict) and isinstance(probabilities := answer.get("probabilities"), dict):
            top = answer["value"]
            parts.append(f"{name} {top or NAMELESS} ({probabilities[str(top)]:.1%})")
        elif isinstance(answer, list):
            parts.append(f"{name} of {len(answer)} value{'' if len(answer) == 1 else 's'}")
        elif answer is None:
            parts.append(f"{name} a picture of {len(result.images[name])} bytes")
        else:
            parts.append(f"{name} {answer:.6g}" if isinstance(answer, float) else f"{name} {answer}")
    return ", ".join(parts)
