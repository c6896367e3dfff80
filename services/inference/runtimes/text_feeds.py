"""Texts → the numbers of their tokens or characters, with what tells them from padding."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import ModelBroken
from services.inference.tensors import Fit, GraphTensor, Row, Shape, fit
from services.manifests.manifest import Manifest, TextInput
from services.manifests.packages import PackagedFileMissing
from services.manifests.text_tensor import TextTensor
from services.values.errors import TextTooLongForModel
from services.values.parse import numbers_of_characters

Encode: TypeAlias = Callable[[str], Sequence[int]]
Encoders: TypeAlias = Mapping[str, Encode]


def load_encoders(manifest: Manifest, folder: Path) -> Encoders:
    """By the input's name. Raises ModelBroken."""
    return {
        field.name: _encoder(field.tensor, folder)
        for field in manifest.inputs
        if isinstance(field, TextInput) and field.tensor is not None and field.tensor.numbered
    }


class TextFeed:
    """The tensors that one text fills: its numbers, a mask, types of tokens."""

    def __init__(self, field: TextInput, encode: Encode, known: Mapping[str, GraphTensor]) -> None:
        """Raises ModelBroken where the graph takes no such tensor."""
        assert field.tensor is not None
        self._name, self._encode, self._spec = field.name, encode, field.tensor
        graph = known[field.tensor.name]
        if graph.dtype != field.tensor.dtype:
            problem = f'tensor "{graph.name}" takes {graph.dtype}, the manifest makes {field.tensor.dtype}'
            raise ModelBroken(problem=problem, fix=f'Write dtype = "{graph.dtype}"')
        self._fixed = graph.shape[-1] if graph.shape else None
        self.fit = _fit(graph, (self._fixed,))
        self._others = [(name, known[name].dtype) for name in field.tensor.names if name != field.tensor.name]
        for name, _ in self._others:
            _fit(known[name], (self._fixed,))
        self.stacks = self._fixed is not None or self._spec.mask is not None

    def count(self, row: Row) -> int:
        """How many numbers it becomes."""
        return len(self._numbers(row))

    def feeds(self, rows: Sequence[Row]) -> dict[str, NDArray[Any]]:  # Any: element types differ between tensors
        numbers = [self._numbers(row) for row in rows]
        longest = self._fixed or max(1, *map(len, numbers))
        ids = np.full((len(rows), longest), self._spec.pad, self._spec.dtype)
        mask = np.zeros((len(rows), longest), np.int64)
        for place, found in enumerate(numbers):
            ids[place, : len(found)] = found
            mask[place, : len(found)] = 1
        shape = self.fit.batch_shape(len(rows), ids.shape)
        fed = {self._spec.name: ids.reshape(shape)}
        for name, dtype in self._others:
            fed[name] = (mask if name == self._spec.mask else np.zeros_like(mask)).astype(dtype).reshape(shape)
        return fed

    def _numbers(self, row: Row) -> Sequence[int]:
        text = row.values[self._name]
        if not isinstance(text, str):
            raise TypeError(text)
        found = self._encode(text)
        most = min(self._spec.max_tokens, self._fixed or self._spec.max_tokens)
        if len(found) > most and self._spec.long == "refuse":
            raise TextTooLongForModel()
        return found[:most]


def _fit(graph: GraphTensor, row: Shape) -> Fit:
    if (found := fit(row, graph.shape)) is None:
        problem = f'tensor "{graph.name}" is not one text after another: [N, T]'
        raise ModelBroken(problem=problem, fix="Name the graph's input for the numbers of tokens")
    return found


def _encoder(spec: TextTensor, folder: Path) -> Encode:
    return _tokens(spec, folder) if spec.tokenizer is not None else _characters(spec)


def _characters(spec: TextTensor) -> Encode:
    return lambda text: numbers_of_characters(spec, text)


def _tokens(spec: TextTensor, folder: Path) -> Encode:
    from tokenizers import Tokenizer  # 6 MB that most shops need not have

    try:
        tokenizer = Tokenizer.from_file(str(spec.tokenizer_file(folder)))
    except PackagedFileMissing as error:
        raise ModelBroken(problem=error.problem, fix=error.fix) from None
    except Exception as error:  # noqa: BLE001 — the library raises nothing narrower for a file that is no tokenizer's
        problem = f'"{spec.tokenizer}" is no tokenizer: {str(error)[:200]}'
        raise ModelBroken(problem=problem, fix="Take the tokenizer.json that came with the model") from None
    tokenizer.no_padding()
    if spec.long == "cut":
        tokenizer.enable_truncation(spec.max_tokens)  # what ends a text stays at its end
    else:
        tokenizer.no_truncation()
    return lambda text: list(tokenizer.encode(text).ids)
