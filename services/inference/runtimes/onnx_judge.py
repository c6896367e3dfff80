"""Whether the class that a manifest shows is the one that the graph itself names, on many made-up rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from services.authoring.agreement import TIE
from services.authoring.check_line import CheckLine
from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.onnx_columns import read_columns
from services.inference.runtimes.onnx_file import held
from services.inference.runtimes.onnx_graph import read_graph
from services.inference.runtimes.onnx_labels import picked_labels
from services.inference.runtimes.onnx_results import Reader
from services.inference.runtimes.onnx_rows import MANY, made_up_rows
from services.inference.tensors import Row, label_text
from services.manifests.manifest import ClassesOutput, Manifest


def label_lines(runtime: OnnxRuntime, manifest: Manifest, file: Path) -> Iterator[CheckLine]:
    """A line for each answer of classes beside which the graph has a label of its own; where the manifest names one, of
    that alone: a graph may tell two things."""
    shown = [output for output in manifest.outputs if isinstance(output, ClassesOutput)]
    if not shown:
        return
    with held(file) as stream:
        graph = read_graph(stream)
    labels = [each.name for each in graph.outputs if picked_labels(graph, each.name)]
    rows = made_up_rows(manifest, read_columns(graph), graph)
    for output in shown:
        for label in [each for each in labels if output.label_tensor in {each, None}]:
            pairs = _pairs(runtime, manifest, output, label, rows)
            if pairs:
                yield _verdict(output, label, pairs)


def _pairs(
    runtime: OnnxRuntime, manifest: Manifest, output: ClassesOutput, label: str, rows: Sequence[Row]
) -> list[tuple[str, str]]:
    """What the graph says and what the shop would show, for each row that it answers and where it is no tie."""
    reader = Reader(manifest)
    pairs = []
    with watched(Limit(manifest.runtime.timeout)) as limit:
        for row in rows[:MANY]:
            try:
                given = runtime.outputs([row], [label, *(name for name in reader.tensors if name != label)], limit)
                answer = reader.results(given, 1)[0]
            except ShopError:
                continue
            words = np.asarray(given[label]).ravel().tolist()
            if isinstance(answer, ShopError) or len(words) != 1:
                continue
            shown: Any = answer.outputs[output.name]
            best = sorted(shown["probabilities"].values(), reverse=True)
            if len(best) < 2 or best[0] - best[1] > TIE:
                pairs.append((label_text(words[0]), str(shown["value"])))
    return pairs


def _verdict(output: ClassesOutput, label: str, pairs: Sequence[tuple[str, str]]) -> CheckLine:
    """The same words, or, where the manifest has words of its own, always the same word for a label."""
    values = {item.value for item in output.classes}
    if all(said in values for said, _ in pairs):
        wrong = [(said, shown) for said, shown in pairs if said != shown]
    else:
        words: dict[str, str] = {}
        wrong = [(said, shown) for said, shown in pairs if words.setdefault(said, shown) != shown]
    what = f"{output.name} names the class that {label} names, on {len(pairs)} rows"
    if not wrong:
        return CheckLine(what="labels", ok=True, detail=what)
    said, shown = wrong[0]
    detail = (
        f'the graph\'s "{label}" says {said} where {output.name} shows {shown}, on {len(wrong)} of {len(pairs)} rows'
    )
    fix = f'Let the graph name the class: label_tensor = "{label}"'
    return CheckLine(what="labels", ok=False, detail=detail, fix=fix)
