"""Whether a manifest's classes are those that the graph itself names, and its numbers probabilities, on many rows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.inference.check_line import CheckLine
from services.inference.closeness import TIE
from services.inference.errors import BadOutput
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_columns import read_columns
from services.inference.runtimes.onnx_graph import Graph
from services.inference.runtimes.onnx_labels import picked_labels, same_source
from services.inference.runtimes.onnx_rows import MANY, made_up_rows
from services.inference.runtimes.onnx_trials import SECONDS, Tried, try_rows
from services.inference.runtimes.tensor_results import NAME_EACH, NOT_SHARES, class_shares, no_shares
from services.inference.tensors import Row, label_text
from services.manifests.manifest import ClassesOutput, Manifest, ProbabilityOutput

Outputs = Callable[[Sequence[Row], Sequence[str], Limit], Mapping[str, Any]]  # Any: arrays, and lists of maps
_FEW: Final = 10  # rows, where only the form of the numbers is looked at
_LABEL: Final = re.compile("label|class|pred", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label output of the graph: which place among an answer's classes each of its labels has."""

    tensor: str
    places: Mapping[str, int]
    by_word: bool


def _tensors(manifest: Manifest, graph: Graph) -> list[str]:
    judged = [each for each in manifest.outputs if isinstance(each, ClassesOutput | ProbabilityOutput)]
    labels = [label.tensor for each in judged if isinstance(each, ClassesOutput) for label in _labels(graph, each)]
    return list(dict.fromkeys([*(each.tensor for each in judged), *labels]))


def judge(manifest: Manifest, graph: Graph, example: Row, outputs: Outputs) -> Iterator[CheckLine]:
    """`outputs` runs the graph. All runs together take no more than SECONDS."""
    tensors = _tensors(manifest, graph)
    if not tensors:
        return
    scores = {each.tensor for each in manifest.outputs}
    count = MANY if set(tensors) - scores else _FEW
    rows = [example, *made_up_rows(manifest, read_columns(graph), graph, count)]
    tried = try_rows(lambda part, limit: outputs(part, tensors, limit), rows, several=manifest.runtime.max_batch > 1)
    if not tried.rows:
        detail = f"no row was answered within {SECONDS:g} s, so nothing was compared"
        yield CheckLine(what="labels", ok=True, detail=detail, fix="Compare some answers by hand")
        return
    for output in manifest.outputs:
        if isinstance(output, ClassesOutput | ProbabilityOutput):
            shares = [_shares(output, row) for row in tried.rows]
            yield from _no_probabilities(output, shares)
            if isinstance(output, ClassesOutput):
                yield from _label_lines(output, _labels(graph, output), tried, shares)


def _shares(output: ClassesOutput | ProbabilityOutput, row: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Of one row, a number for each class; None where there are none."""
    try:
        if isinstance(output, ClassesOutput):
            shares = class_shares(output, row[output.tensor], 1)[0]
        elif output.logits:
            return None
        else:
            shares = np.asarray(row[output.tensor], np.float64).reshape(1, -1)[0, output.column : output.column + 1]
    except (BadOutput, KeyError, ValueError, TypeError):
        return None
    return shares if np.isfinite(shares).all() else None


def _no_probabilities(
    output: ClassesOutput | ProbabilityOutput, shares: Sequence[NDArray[np.float64] | None]
) -> Iterator[CheckLine]:
    known = [row for row in shares if row is not None]
    wrong = [row for row in known if no_shares(row[np.newaxis])[0]]
    if wrong:
        numbers = ", ".join(f"{number:.4g}" for number in wrong[0][:3])
        detail = f"the numbers of {output.name} are no probabilities, on {len(wrong)} of {len(known)} rows: {numbers}"
        yield CheckLine(what="probabilities", ok=False, detail=detail, fix=NOT_SHARES)


def _labels(graph: Graph, output: ClassesOutput) -> list[Label]:
    """Labels that may speak of these classes: the one that the manifest names, else those of the graph that pick from
    the same words, else from as many."""
    values = {item.value: place for place, item in enumerate(output.classes)}
    if output.label_tensor is not None:
        return [Label(tensor=output.label_tensor, places=values, by_word=True)]
    found = []
    for name in [each.name for each in graph.outputs if each.name != output.tensor]:
        picked = picked_labels(graph, name)
        if picked is None:
            continue
        if picked and set(picked) <= values.keys():
            found.append(Label(tensor=name, places=values, by_word=True))
        elif len(picked) == len(values) == len(set(picked)):
            found.append(Label(tensor=name, places={word: place for place, word in enumerate(picked)}, by_word=False))
        elif not picked and (_LABEL.search(name) or same_source(graph, name, output.tensor)):
            found.append(Label(tensor=name, places={str(i): i for i in range(len(values))}, by_word=False))
    return [label for label in found if label.by_word] or found


def _label_lines(
    output: ClassesOutput, labels: Sequence[Label], tried: Tried, shares: Sequence[NDArray[np.float64] | None]
) -> Iterator[CheckLine]:
    """Of several labels that may speak of the classes one that agrees will do: a graph may tell two things."""
    lines = [line for label in labels if (line := _compared(output, label, tried, shares)) is not None]
    right = [line for line in lines if line.ok]
    yield from (right or lines)[:1]


def _compared(
    output: ClassesOutput, label: Label, tried: Tried, shares: Sequence[NDArray[np.float64] | None]
) -> CheckLine | None:
    said = [np.asarray(row[label.tensor]).ravel().tolist() for row in tried.rows]
    words = [label_text(each[0]) if len(each) == 1 else None for each in said]
    pairs = [(word, row) for word, row in zip(words, shares, strict=True) if word is not None and row is not None]
    if not pairs:
        return None
    strange = [word for word, _ in pairs if word not in label.places]
    if output.label_tensor is not None and strange:
        detail = f'the graph\'s "{label.tensor}" says "{strange[0]}", which is none of the classes of {output.name}'
        return CheckLine(what="labels", ok=False, detail=detail, fix=NAME_EACH)
    wrong = [(word, row) for word, row in pairs if not _is_greatest(label.places.get(word), row)]
    if not wrong:
        detail = f"{output.name} names the class that {label.tensor} names, {tried}"
        return CheckLine(what="labels", ok=True, detail=detail)
    word, row = wrong[0]
    shown = output.classes[int(np.argmax(row))].value
    where = f"on {len(wrong)} of {len(pairs)} rows"
    if output.label_tensor is None:
        detail = f'the graph\'s "{label.tensor}" says {word} where {output.name} shows {shown}, {where}'
        fix = (
            f'Let the graph name the class: label_tensor = "{label.tensor}", with its labels as values; or show that'
            " label as a text, and the scores as numbers"
        )
        return CheckLine(what="labels", ok=False, detail=detail, fix=fix)
    detail = f'the graph\'s "{label.tensor}" says {word} where {shown} has the greatest share, {where}'
    fix = "The classes may be in another order than the columns; else show the label as a text, the scores as numbers"
    return CheckLine(what="labels", ok=2 * len(wrong) <= len(pairs), detail=detail, fix=fix)


def _is_greatest(place: int | None, shares: NDArray[np.float64]) -> bool:
    return place is not None and bool(shares[place] >= shares.max() - TIE)
