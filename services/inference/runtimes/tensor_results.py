"""What a model answered, as arrays → what is shown."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.errors import ShopError
from services.inference.drawing import packed, pictures_of
from services.inference.errors import BadOutput
from services.inference.runtimes.ctc import read_off
from services.inference.runtimes.nearness import is_nearness, nearness
from services.inference.runtimes.pooling import pooled
from services.inference.runtimes.sound_results import played
from services.inference.runtimes.steps import spans_in_words, summed
from services.inference.runtimes.table_results import table_column
from services.inference.runtimes.tensor_overlays import OverlayReader, Pictured
from services.inference.tensors import Result, Row, label_text
from services.manifests.manifest import (
    BoxesOutput,
    ClassesOutput,
    EmbeddingOutput,
    ImageOutput,
    Manifest,
    NumberOutput,
    Output,
    Overlay,
    ProbabilityOutput,
    SeriesOutput,
    SoundOutput,
    TableOutput,
    TextInput,
    TextOutput,
)
from services.manifests.outputs import Pooled, Summed
from services.values.framing import Frame

Tensor: TypeAlias = "NDArray[Any] | list[Any]"  # Any: element types differ; a list is a seq(map)
Column: TypeAlias = "list[Any]"  # Any: a row's answer, JSON or the bytes of a picture; a BadOutput where there is none
Read: TypeAlias = Callable[[Tensor, int], Column]
Frames: TypeAlias = Mapping[str, Frame]
ReadColumn: TypeAlias = Callable[[Mapping[str, Tensor], Sequence[Row], Sequence[Frames]], Column]


MANY_CLASSES: Final = 1_000
LIKELIEST: Final = 100
NOT_SHARES: Final = "Set logits = true where they are scores before a softmax; else show them as numbers"
NAME_EACH: Final = "Name each label of the graph as the value of a class"
ROUNDING: Final = 1e-3  # that a probability may lie outside 0 to 1
ROUNDED_SUM: Final = 0.05  # many classes of half precision
_NOTHING: Final[Mapping[str, Any]] = {}


class Reader:
    """The plan of a manifest's outputs, made once for a loaded graph."""

    def __init__(self, manifest: Manifest) -> None:
        self.tensors = sorted(set().union(*map(_tensors, manifest.outputs)))
        self._names = [output.name for output in manifest.outputs]
        self._pictures = [output.name for output in manifest.outputs if isinstance(output, ImageOutput)]
        self._columns = [_plan(output, manifest) for output in manifest.outputs]
        self._advice = [(rule, manifest.output(rule.output)) for rule in manifest.advice]
        drawn = any(isinstance(output, ImageOutput | Overlay | SoundOutput) for output in manifest.outputs)
        self._plain = not self._advice and not drawn
        self._steps_first = {each.tensor for each in manifest.outputs if _has_steps_first(each, manifest)}
        self._arrange = [
            output for output in manifest.outputs if _is_pooled(output) or output.tensor in self._steps_first
        ]
        texts = (field.tensor for field in manifest.inputs if isinstance(field, TextInput))
        self._mask = next((tensor.mask for tensor in texts if tensor is not None and tensor.mask is not None), "")

    def results(
        self,
        tensors: Mapping[str, Tensor],
        given: Sequence[Row],
        frames: Sequence[Frames] = (),
        *,
        fed: Mapping[str, Any] = _NOTHING,
    ) -> list[Result | ShopError]:
        """A result for each row, BadOutput for a row whose answer is not finite. `frames`: where each row's pictures
        lay, by input, for answers that get a picture's shape; `fed`: what went in. Raises BadOutput where the graph
        answered for another number of rows, or in another shape than the manifest tells."""
        rows = len(given)
        if not all(answers_each(tensors[name], rows) for name in self.tensors if name not in self._steps_first):
            raise BadOutput(problem=f"the answer is not of {rows} rows")
        try:
            own = {each.name: self._arranged(each, tensors, rows, fed) for each in self._arrange}
            columns = [
                column(own.get(name, tensors), given, frames)
                for name, column in zip(self._names, self._columns, strict=True)
            ]
        except (ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
            raise BadOutput(problem=f"{type(error).__name__}: {error}") from error
        if self._plain and not any(BadOutput in set(map(type, column)) for column in columns):
            if len(columns) == 1:  # the usual model, and twice as quick
                name = self._names[0]
                return [Result({name: answer}, None, {}) for answer in columns[0]]
            names = self._names
            return [Result(dict(zip(names, row, strict=True)), None, {}) for row in zip(*columns, strict=True)]
        return [self._result(answers) for answers in zip(*columns, strict=True)]

    def _arranged(
        self, output: Output, tensors: Mapping[str, Tensor], rows: int, fed: Mapping[str, Any]
    ) -> Mapping[str, Tensor]:
        """With the tensor of this output as its reader wants it: rows first, one vector for each."""
        tensor = tensors[output.tensor]
        if isinstance(output, Pooled):
            return {**tensors, output.tensor: pooled(output, tensor, rows, fed.get(self._mask))}
        return {**tensors, output.tensor: np.swapaxes(tensor, 0, 1) if np.ndim(tensor) == 3 else tensor}

    def _result(self, answers: Sequence[Any]) -> Result | ShopError:
        outputs: dict[str, Any] = {}
        images: dict[str, bytes] = {}
        for name, answer in zip(self._names, answers, strict=True):
            if isinstance(answer, BadOutput):
                return answer
            if name in self._pictures:
                outputs[name], images[name] = None, answer
            elif isinstance(answer, Pictured):
                outputs[name] = answer.answer
                if answer.picture is not None:
                    images[name] = answer.picture
            else:
                outputs[name] = answer
        return Result(outputs=outputs, advice=self._first_advice(outputs), images=images)

    def _first_advice(self, outputs: Mapping[str, Any]) -> int | None:
        for position, (rule, output) in enumerate(self._advice):
            if rule.holds(output, outputs[rule.output]):
                return position
        return None


def _tensors(output: Output) -> set[str]:
    if isinstance(output, BoxesOutput):
        return output.tensors
    if isinstance(output, ClassesOutput) and output.label_tensor is not None:
        return {output.tensor, output.label_tensor}
    return {output.tensor}


def _plan(output: Output, manifest: Manifest) -> ReadColumn:
    if isinstance(output, Overlay):
        return OverlayReader(output, manifest.inputs).column
    read = _decoder_of(output, manifest) or _reader_of_steps(output) or _reader(output)
    return lambda tensors, given, frames: _column(output, read, tensors, len(given), frames)


def _is_pooled(output: Output) -> bool:
    return isinstance(output, Pooled) and (output.pooling is not None or output.normalise)


def _read_by(output: Output, manifest: Manifest) -> TextOutput | None:
    """The text that this output is read by, step by step: itself, or the one that it says how sure it is."""
    told = manifest.output(output.of) if isinstance(output, ProbabilityOutput) and output.of else output
    return told if isinstance(told, TextOutput) and told.decode == "ctc" else None


def _has_steps_first(output: Output, manifest: Manifest) -> bool:
    read = _read_by(output, manifest)
    return read is not None and read.layout == "TNC"


def _reader_of_steps(output: Output) -> Read | None:
    if isinstance(output, TextOutput) and output.decode == "spans":
        return lambda tensor, rows: spans_in_words(output, tensor, rows)
    if not isinstance(output, Summed) or output.over is None:
        return None
    if is_nearness(output):
        return lambda tensor, rows: _checked(nearness(output, tensor, rows))
    squash = _sigmoid if isinstance(output, ProbabilityOutput) and output.logits else _same

    def read(tensor: Tensor, rows: int) -> Column:
        numbers = summed(output, squash(_filled(_matrix(tensor, rows))))
        listed = _checked(numbers)
        return _probable(output, numbers[:, np.newaxis], listed) if isinstance(output, ProbabilityOutput) else listed

    return read


def is_plain(output: Output) -> bool:
    """Whether its answer stands in the tensor as it is."""
    worked = _is_pooled(output) or (isinstance(output, Summed) and output.over is not None)
    told = isinstance(output, TextOutput) and output.decode is not None
    return not (worked or told or (isinstance(output, ProbabilityOutput) and output.of is not None))


def _same(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values


def _decoder_of(output: Output, manifest: Manifest) -> Read | None:
    if (read := _read_by(output, manifest)) is None:
        return None
    part = 0 if read is output else 1
    return lambda tensor, rows: [
        found if isinstance(found, BadOutput) else found[part] for found in read_off(read, tensor, rows)
    ]


def _column(output: Output, read: Read, tensors: Mapping[str, Tensor], rows: int, frames: Sequence[Frames]) -> Column:
    """The answers of one output; the class is the one that the graph itself names, where the manifest says how."""
    if isinstance(output, ImageOutput) and output.shape_of is not None and frames:
        pictures = pictures_of(tensors[output.tensor], rows, output.prepare.layout)
        framed = zip(pictures, frames, strict=True)
        return [packed(picture, output.prepare, frame[output.shape_of]) for picture, frame in framed]
    column = read(tensors[output.tensor], rows)
    if isinstance(output, ClassesOutput) and output.label_tensor is not None:
        _name(column, output, tensors[output.label_tensor])
    if isinstance(output, ClassesOutput) and len(output.classes) > MANY_CLASSES:
        for answer in column:
            if isinstance(answer, dict):
                answer["probabilities"] = _likeliest(answer["value"], answer["probabilities"])
    return column


def _name(column: Column, output: ClassesOutput, labels: Tensor) -> None:
    """Put the class that the graph names in place of the likeliest; BadOutput where it names none of the classes."""
    known = {item.value for item in output.classes}
    named = np.asarray(labels).reshape(len(column), -1)[:, 0].tolist()
    for position, label in enumerate(map(label_text, named)):
        if label not in known:
            problem = f'the label "{label[:80]}" is none of the classes of {output.name}'
            column[position] = BadOutput(problem=problem, fix=NAME_EACH)
        elif isinstance(column[position], dict):
            column[position]["value"] = label


def answers_each(tensor: Tensor, rows: int) -> bool:
    """Whether there is something for each of several rows; one row alone may be answered without a batch."""
    return rows == 1 or (len(tensor) if isinstance(tensor, list) else (*np.shape(tensor), 0)[0]) == rows


def _reader(output: Output) -> Read:
    match output:
        case NumberOutput(column=column):
            return lambda tensor, rows: _checked(_figures(tensor, rows)[:, column])
        case ProbabilityOutput():

            def read(tensor: Tensor, rows: int) -> Column:
                shares = probability_shares(output, tensor, rows)
                return _probable(output, shares[:, np.newaxis], _checked(shares))

            return read
        case ClassesOutput():
            return _classes_reader(output)
        case TextOutput(column=column):
            return lambda tensor, rows: [
                label_text(v) for v in np.asarray(tensor).reshape(rows, -1)[:, column].tolist()
            ]
        case SeriesOutput(chart=chart):
            inner = (-1, 3) if chart == "band" else (-1,)
            return lambda tensor, rows: _checked(_filled(_figures(tensor, rows)).reshape(rows, *inner))
    return _large_reader(output)


def _large_reader(output: Output) -> Read:
    match output:
        case EmbeddingOutput():
            return lambda tensor, rows: _checked(_filled(_figures(tensor, rows)))
        case TableOutput():
            return lambda tensor, rows: table_column(output, tensor, rows)
        case SoundOutput():
            return lambda tensor, rows: [played(output, sound) for sound in np.asarray(tensor).reshape(rows, -1)]
        case ImageOutput(prepare=spec):
            return lambda tensor, rows: [packed(picture, spec) for picture in pictures_of(tensor, rows, spec.layout)]
    raise TypeError(output.type)


def _filled(answers: NDArray[Any]) -> NDArray[Any]:
    """A series of nothing is no answer."""
    if not answers.size:
        raise BadOutput(problem="the answer is empty")
    return answers


def _checked(answers: NDArray[Any]) -> Column:
    """Rows as lists and numbers, with BadOutput in place of those that hold a number that is not finite."""
    listed: list[Any] = answers.tolist()
    finite = np.isfinite(answers)
    if not finite.all():
        for row in np.flatnonzero(~finite.reshape(len(listed), -1).all(axis=1)):
            listed[row] = BadOutput(problem="the answer is not a finite number")
    return listed


def _matrix(tensor: Tensor, rows: int) -> NDArray[np.float64]:
    """`[rows, columns]` of whatever the graph gave; a `seq(map)` has its keys' values as columns, in their order."""
    if isinstance(tensor, list):
        tensor = np.array([list(answer.values()) for answer in tensor], np.float64)
    return np.asarray(tensor, np.float64).reshape(rows, -1)


def probability_shares(output: ProbabilityOutput, tensor: Tensor, rows: int) -> NDArray[np.float64]:
    """One for each row."""
    numbers = _matrix(tensor, rows)[:, output.column]
    return _sigmoid(numbers) if output.logits else numbers


def class_shares(output: ClassesOutput, tensor: Tensor, rows: int) -> NDArray[np.float64]:
    """`[rows, classes]` as they are shown. Raises BadOutput where there are other columns than classes."""
    values = [item.value for item in output.classes]
    if isinstance(tensor, list):
        named = [{str(key): p for key, p in answer.items()} for answer in tensor]
        return np.array([[answer[value] for value in values] for answer in named], np.float64).reshape(rows, -1)
    matrix = _matrix(tensor, rows)
    if matrix.shape[1] == 1 and len(values) == 2:
        positive = _sigmoid(matrix) if output.logits else matrix
        return np.hstack([1 - positive, positive])
    if matrix.shape[1] != len(values):
        raise BadOutput(problem=f"{matrix.shape[1]} columns for {len(values)} classes")
    return _softmax(matrix) if output.logits else matrix


def no_shares(matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each row of `[rows, columns]` whether its numbers are no probabilities: not between 0 and 1, or of several
    columns not summing to one."""
    columns = np.ascontiguousarray(matrix.T)  # along short rows each of these would take ten times as long
    wrong: NDArray[np.bool_] = np.any((columns < -ROUNDING) | (columns > 1 + ROUNDING), axis=0)
    return np.logical_or(wrong, np.abs(columns.sum(axis=0) - 1) > ROUNDED_SUM) if len(columns) > 1 else wrong


def _figures(tensor: Tensor, rows: int) -> NDArray[Any]:
    """The same, where whole numbers stay whole: a float knows but 53 bits of them."""
    if isinstance(tensor, np.ndarray) and tensor.dtype.kind in "iu":
        return tensor.reshape(rows, -1)
    return _matrix(tensor, rows)


def _classes_reader(output: ClassesOutput) -> Read:
    values = [item.value for item in output.classes]

    def read(tensor: Tensor, rows: int) -> Column:
        matrix = class_shares(output, tensor, rows)
        tops = np.argmax(matrix, axis=1).tolist()
        return [
            row
            if isinstance(row, BadOutput)
            else {"value": values[top], "probabilities": dict(zip(values, row, strict=True))}
            for top, row in zip(tops, _probable(output, matrix, _checked(matrix)), strict=True)
        ]

    return read


def _probable(output: Output, matrix: NDArray[np.float64], listed: Column) -> Column:
    """Numbers that are no probabilities are not shown as such: BadOutput in their rows."""
    wrong = no_shares(matrix)
    for row in np.flatnonzero(wrong).tolist() if wrong.any() else ():
        if not isinstance(listed[row], BadOutput):
            numbers = ", ".join(f"{number:.4g}" for number in matrix[row, :3])
            problem = f"the numbers of {output.name} are no probabilities: {numbers}"
            listed[row] = BadOutput(problem=problem, fix=NOT_SHARES)
    return listed


def _likeliest(value: str, shares: Mapping[str, float]) -> dict[str, float]:
    """Of very many classes those that anybody looks at: every prediction keeps them."""
    kept = heapq.nlargest(LIKELIEST, shares, key=shares.__getitem__)
    return {name: shares[name] for name in (*kept, value)}


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (1 + np.tanh(values / 2))


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers: NDArray[np.float64] = np.exp(values - values.max(axis=1, keepdims=True))
    total: NDArray[np.float64] = powers.sum(axis=1, keepdims=True)
    return powers / total
