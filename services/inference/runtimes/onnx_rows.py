"""Rows of made-up values, on which a graph can be tried."""

import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from services.inference.runtimes.onnx_columns import Columns
from services.inference.runtimes.onnx_graph import Graph, attributes
from services.inference.tensors import Row, label_text
from services.manifests.inputs import Bounded
from services.manifests.manifest import (
    ChoiceInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    Manifest,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.values.kept_files import places_in
from services.values.parse import Value
from services.values.samples import example_sound, sample_value

MANY: Final = 100
_WORDS: Final = ("wine", "good", "bad", "red", "not", "very", "price", "is", "the", "house", "хорошо", "плохо", "вино")
SCALES: Final = (0.1, 1.0, 10.0, 100.0, 1000.0)


def made_up_rows(manifest: Manifest, columns: Columns, graph: Graph, count: int = MANY) -> list[Row]:
    """Rows of what the graph tells apart where that is known, and of numbers of all sizes where it is not; always the
    same ones."""
    chance = random.Random(0)  # noqa: S311 - the same rows each time
    words = _vocabulary(graph)
    places = _places(manifest)
    rows = []
    for number in range(count):
        scale = SCALES[number % len(SCALES)]
        values: dict[str, Value] = {}
        files: dict[str, bytes] = {}
        for field in manifest.inputs:
            if isinstance(field, ImageInput):
                files[field.name] = _picture(chance)
            elif isinstance(field, ImagesInput):
                files |= {place: _picture(chance) for place in places_in(field.name, sample_value(field))}
            elif isinstance(field, SoundInput):
                files[field.name] = example_sound(field.model_copy(update={"example": None}), Path())
            values[field.name] = _made_up(field, columns.ranges.get(places[field.name]), scale, words, chance)
        rows.append(Row(values=values, files=files))
    return rows


def _places(manifest: Manifest) -> dict[str, tuple[str, int]]:
    """Which column of which tensor each input becomes."""
    places: dict[str, tuple[str, int]] = {}
    counted: dict[str, int] = {}
    for field in manifest.inputs:
        tensor = "" if field.tensor is None else field.tensor.name
        places[field.name] = (tensor, counted.get(tensor, 0))
        counted[tensor] = counted.get(tensor, 0) + 1
    return places


def _made_up(
    field: Input, known: tuple[float, float] | None, scale: float, words: Sequence[str], chance: random.Random
) -> Value:
    match field:
        case ChoiceInput():
            return chance.choice(field.options).value
        case TextInput():
            return _written(field, words, chance)
        case TableInput():
            lines = max(field.min_rows, min(field.max_rows, 16))
            rows = [[_number(column, None, scale, chance) for column in field.columns] for _ in range(lines)]
            return {"columns": [column.name for column in field.columns], "rows": rows}
        case SeriesInput():
            length = field.min_length if field.min_length == field.max_length else max(field.min_length, 16)
            return [_number(field, known, scale, chance) for _ in range(length)]
        case Bounded():
            return _number(field, known, scale, chance)
    return sample_value(field)


def _written(field: TextInput, words: Sequence[str], chance: random.Random) -> Value:
    tensor = field.tensor
    if tensor is not None and tensor.alphabet:
        known = [each for each in tensor.alphabet if len(each) == 1 and each.isalpha()] or list(tensor.alphabet[:1])
        return "".join(chance.choices(known, k=chance.randint(1, 12)))[: field.max_length]
    words = words or (_WORDS if tensor is not None and tensor.numbered else ())
    text = " ".join(chance.choices(words, k=chance.randint(1, 8))) if words else sample_value(field)
    return text[: field.max_length] if isinstance(text, str) else text


def _number(field: Bounded, known: tuple[float, float] | None, scale: float, chance: random.Random) -> float:
    low, high = known or (-2 * scale, 2 * scale)
    dtype = field.tensor.dtype if field.tensor is not None else "float32"
    number = chance.uniform(low, high)
    if isinstance(field, IntegerInput) or dtype.startswith(("int", "uint")):
        bounds = np.iinfo(dtype if dtype.startswith(("int", "uint")) else "int64")
        number = min(max(round(number), bounds.min), bounds.max)
    if field.min is not None:
        number = max(number, field.min)
    if field.max is not None:
        number = min(number, field.max)
    return number


def _vocabulary(graph: Graph) -> list[str]:
    """Words that a text model knows."""
    words: list[str] = []
    for node in graph.nodes:
        if node.op_type == "TfIdfVectorizer":
            words += [label_text(word) for word in attributes(node).get("pool_strings", ())[:5000]]
    return words


def _picture(chance: random.Random) -> bytes:
    """Blocks of colour."""
    blocks = bytes(chance.randrange(256) for _ in range(8 * 8 * 3))
    stream = io.BytesIO()
    Image.frombytes("RGB", (8, 8), blocks).resize((96, 96), Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()
