"""`kassandra models check FOLDER`: everything that can be said of a model before a customer meets it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx

from services.authoring.check_answers import answers_in_words
from services.authoring.check_assistant import check_assistant
from services.authoring.check_remote import check_remote
from services.errors import ShopError
from services.inference.check_batch import batch_line
from services.inference.check_line import CheckLine
from services.inference.errors import ModelBroken, RunTimeout
from services.inference.heap import freed_at_once
from services.inference.memory import Measuring, Taken, about, in_words
from services.inference.runtimes.base import Limit, Runtime, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.onnx_file import held, one_line
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import AssistantKind, RemoteKind, Runtimes
from services.manifests.errors import ManifestError
from services.manifests.files import files_of
from services.manifests.labelled import Labelled
from services.manifests.manifest import Manifest, load_manifest
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
    sides = "" if manifest.is_assistant else f", {len(manifest.inputs)} inputs, {len(manifest.outputs)} outputs"
    yield CheckLine(what="manifest", ok=True, detail=f"{manifest.slug} {manifest.version}{sides}")
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
    if isinstance(spec, OnnxSpec) and not spec.isolated:  # an isolated one's graph is not even read in this process
        yield from _onnx_lines(manifest, folder, spec.path(folder))
        return
    kind = runtimes.of(manifest)
    if isinstance(kind, RemoteKind):
        yield from check_remote(kind, manifest, folder)
        return
    if isinstance(kind, AssistantKind):
        yield from check_assistant(kind, manifest, folder)
        return
    runtime = kind.open(manifest, folder)
    try:
        runtime.load()
    except ModelBroken as error:
        yield CheckLine(what="model", ok=False, detail=error.problem, fix=error.fix)
        return
    yield (example := _example_line(runtime.warm_up, runtime, manifest, folder))
    if example.ok:
        with watched(Limit(manifest.runtime.timeout)) as limit:
            batch = batch_line(runtime.run, manifest, example_row(manifest, folder), limit)
        yield from [] if batch is None else [batch]


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
    yield (example := _example_line(runtime.answer_example, runtime, manifest, folder))
    yield CheckLine(what="memory", ok=True, detail=_taken(measuring.taken(), expected))
    if example.ok:
        with watched(Limit(manifest.runtime.timeout)) as limit:
            yield from runtime.judge(limit)


def _files(folder: Path, manifest: Manifest) -> list[Path]:
    """All that it names."""
    names = list(manifest.runtime.files.values())
    names += [name for field in manifest.inputs for name in files_of(field).values()]
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


def _example_line(ready: Callable[[Limit], None], runtime: Runtime, manifest: Manifest, folder: Path) -> CheckLine:
    """`ready`: what the shop does before it sells the model."""
    with watched(Limit(manifest.runtime.timeout)) as limit:
        try:
            ready(limit)
            begun = time.perf_counter()
            (answer,) = runtime.run([example_row(manifest, folder)], limit)
        except (ModelBroken, RunTimeout) as error:
            return CheckLine(what="example", ok=False, detail=error.problem, fix=error.fix)
    if isinstance(answer, ShopError):
        return CheckLine(what="example", ok=False, detail=str(answer), fix="Try it again")
    seconds = time.perf_counter() - begun
    return CheckLine(what="example", ok=True, detail=f"{answers_in_words(answer)} in {seconds * 1000:.1f} ms")
