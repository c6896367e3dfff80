"""`kassandra models check FOLDER`: everything that can be said of a model before a customer meets it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from services.errors import ShopError
from services.inference.errors import InvalidValue, ManifestError, ModelBroken
from services.inference.manifest import Manifest, SeriesInput, load_manifest
from services.inference.onnx_runtime import OnnxRuntime, check_file, one_line
from services.inference.runtime import Limit, watched
from services.inference.samples import example_row
from services.inference.tensors import Result, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One thing looked at: `detail` is what was seen, `fix` what to do where it is not right."""

    what: str
    ok: bool
    detail: str
    fix: str = ""


def check_folder(folder: Path) -> list[CheckLine]:
    """Look at manifest, files, graph and example, in this order; the first failure hides what comes after it."""
    return list(_check(folder))


def _check(folder: Path) -> Iterator[CheckLine]:
    try:
        manifest = load_manifest(folder)
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
    yield CheckLine(what="files", ok=True, detail=f"sha256 {manifest.runtime.sha256[:12]}…")
    if (line := _onnx_line((folder / manifest.runtime.file).read_bytes())) is not None:
        yield line
        return
    yield CheckLine(what="onnx", ok=True, detail="passes onnx.checker, keeps its weights inside")
    runtime = OnnxRuntime(manifest, folder)
    try:
        runtime.load()
    except ModelBroken as error:
        yield CheckLine(what="graph", ok=False, detail=error.problem, fix=error.fix)
        return
    yield CheckLine(what="graph", ok=True, detail="its inputs and outputs are those of the manifest")
    yield from _run_lines(runtime, manifest, folder)


def _files(folder: Path, manifest: Manifest) -> list[Path]:
    sources = [s.file for field in manifest.inputs if isinstance(field, SeriesInput) for s in field.sources]
    return [folder / name for name in (manifest.runtime.file, *sources)]


def _onnx_line(data: bytes) -> CheckLine | None:
    try:
        check_file(data)
        onnx.checker.check_model(data)
    except ModelBroken as error:
        return CheckLine(what="onnx", ok=False, detail=error.problem, fix=error.fix)
    except (onnx.checker.ValidationError, ValueError) as error:
        return CheckLine(what="onnx", ok=False, detail=one_line(error), fix="Export the model again")
    return None


def _run_lines(runtime: OnnxRuntime, manifest: Manifest, folder: Path) -> Iterator[CheckLine]:
    row = example_row(manifest, folder)
    fix = "Correct the example, or the model"
    try:
        result, seconds = _run(runtime, manifest, [row])
    except InvalidValue as error:
        yield CheckLine(what="example", ok=False, detail=error.message.format(**error.params), fix=fix)
        return
    except ShopError as error:
        yield CheckLine(what="example", ok=False, detail=str(error.params.get("problem", error)), fix=fix)
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


def _run(runtime: OnnxRuntime, manifest: Manifest, rows: list[Row]) -> tuple[list[Result], float]:
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
            parts.append(f"{name} {top} ({probabilities[str(top)]:.1%})")
        elif isinstance(answer, list):
            parts.append(f"{name} of {len(answer)} values")
        elif answer is None:
            parts.append(f"{name} a picture of {len(result.images[name])} bytes")
        else:
            parts.append(f"{name} {answer:.6g}" if isinstance(answer, float) else f"{name} {answer}")
    return ", ".join(parts)
