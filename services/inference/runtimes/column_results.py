"""What a model answered to many rows, as arrays → columns of a table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from services.errors import ShopError
from services.inference.columns import AnswerColumns, Column, none_answered
from services.inference.errors import BadOutput
from services.inference.runtimes.tensor_results import (
    Tensor,
    answers_each,
    class_shares,
    no_shares,
    probability_shares,
)
from services.inference.tensors import Result, label_text
from services.manifests.cells import share_of, told_in_cells
from services.manifests.manifest import (
    ClassesOutput,
    Manifest,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    TextOutput,
)

SHARE_DECIMALS: Final = 6


class ColumnReader:
    def __init__(self, manifest: Manifest) -> None:
        self._outputs = told_in_cells(manifest)

    def require_rows(self, tensors: Mapping[str, Tensor], rows: int) -> None:
        """Raises BadOutput where the graph answered for another number of rows."""
        if not all(answers_each(tensors[output.tensor], rows) for output in self._outputs):
            raise BadOutput(problem=f"the answer is not of {rows} rows")

    def answers(self, tensors: Mapping[str, Tensor], rows: int) -> AnswerColumns:
        """Raises BadOutput where the shape is another than the manifest tells. A row whose answer is no finite number
        has failed."""
        columns: dict[str, Column] = {}
        failed = np.zeros(rows, np.bool_)
        try:
            for output in self._outputs:
                made, wrong = _read(output, tensors, rows)
                columns |= made
                failed |= wrong
        except (ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
            raise BadOutput(problem=f"{type(error).__name__}: {error}") from error
        return AnswerColumns(columns=columns, failed=failed)


def of_results(manifest: Manifest, results: Sequence[Result | ShopError]) -> AnswerColumns:
    """AnswerColumns that came row by row."""
    good = [result.outputs for result in results if isinstance(result, Result)]
    failed = np.array([not isinstance(result, Result) for result in results], np.bool_)
    if not good:
        return none_answered(len(results))
    columns: dict[str, Column] = {}
    for output in told_in_cells(manifest):
        made = _of_rows(output, [row[output.name] for row in good])
        columns |= {name: _spread(column, failed) for name, column in made.items()}
    return AnswerColumns(columns=columns, failed=failed)


def _read(output: Output, tensors: Mapping[str, Tensor], rows: int) -> tuple[dict[str, Column], Any]:  # Any: a mask
    tensor = tensors[output.tensor]
    match output:
        case NumberOutput(column=column):
            numbers = np.asarray(tensor).reshape(rows, -1)[:, column]
            return {output.name: numbers}, ~np.isfinite(numbers)
        case ProbabilityOutput():
            shares = probability_shares(output, tensor, rows)
            wrong = ~np.isfinite(shares) | no_shares(shares[:, np.newaxis])
            return {output.name: _rounded(shares)}, wrong
        case ClassesOutput():
            return _classes(output, tensors, rows)
        case TextOutput(column=column):
            texts = [label_text(each) for each in np.asarray(tensor).reshape(rows, -1)[:, column].tolist()]
            return {output.name: texts}, np.zeros(rows, np.bool_)
        case SeriesOutput():
            series = np.asarray(tensor).reshape(rows, -1)
            return {output.name: [_line(each) for each in series]}, ~np.isfinite(series).all(axis=1)
    raise TypeError(output.type)


def _classes(
    output: ClassesOutput, tensors: Mapping[str, Tensor], rows: int
) -> tuple[dict[str, Column], Any]:  # Any: a mask
    matrix = class_shares(output, tensors[output.tensor], rows)
    wrong = ~np.isfinite(np.ascontiguousarray(matrix.T)).all(axis=0) | no_shares(matrix)
    top = np.argmax(matrix, axis=1)
    if output.label_tensor is not None:
        top, unknown = _named(output, tensors[output.label_tensor], rows)
        wrong |= unknown
    shares = np.take_along_axis(matrix, top[:, np.newaxis], axis=1)[:, 0]
    return {output.name: top.astype(np.int32), share_of(output.name): _rounded(shares)}, wrong


def _named(output: ClassesOutput, labels: Tensor, rows: int) -> tuple[Any, Any]:  # Any: arrays
    """The classes that the graph itself names, and where it names none of the manifest's."""
    known = {item.value: at for at, item in enumerate(output.classes)}
    listed = np.asarray(labels).reshape(rows, -1)[:, 0].tolist()
    places = {label: known.get(label_text(label), -1) for label in set(listed)}
    found = np.array([places[label] for label in listed])
    return np.maximum(found, 0), found < 0


def _rounded(shares: Any) -> Any:  # Any: arrays
    return np.round(np.asarray(shares, np.float64), SHARE_DECIMALS)


def _line(numbers: Any) -> str:  # Any: an array
    """A series in a cell."""
    return "; ".join(map(str, numbers.ravel()))


def _of_rows(output: Output, answers: Sequence[Any]) -> dict[str, Column]:  # Any: JSON of results
    match output:
        case ClassesOutput():
            known = {item.value: at for at, item in enumerate(output.classes)}
            tops = np.array([known[answer["value"]] for answer in answers], np.int32)
            shares = _rounded([answer["probabilities"][answer["value"]] for answer in answers])
            return {output.name: tops, share_of(output.name): shares}
        case TextOutput():
            return {output.name: [str(answer) for answer in answers]}
        case SeriesOutput():
            return {output.name: [_line(np.array(answer)) for answer in answers]}
    return {output.name: np.array(answers)}


def _spread(column: Column, failed: Any) -> Column:  # Any: a mask
    """With gaps where rows failed."""
    if isinstance(column, list):
        texts = iter(column)
        return ["" if gone else next(texts) for gone in failed]
    spread = np.zeros(len(failed), column.dtype)
    spread[~failed] = column
    return spread
