"""Rows → the arrays a model is fed with, wherever it runs."""

import datetime as dt
import operator
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadInput, ModelBroken
from services.inference.runtimes.picture_feeds import image_builder, images_builder, picture_shape
from services.inference.runtimes.sound_feeds import Windows, sound_builder
from services.inference.runtimes.text_feeds import Encoders, TextFeed
from services.inference.tensors import Fit, GraphTensor, Row, Shape, agree, enters, fit
from services.manifests.bindings import tensors_of
from services.manifests.inputs import EPOCH
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    Constant,
    DateInput,
    ImageInput,
    ImageOutput,
    ImagesInput,
    Input,
    IntegerInput,
    Manifest,
    NumberInput,
    Overlay,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.manifests.schema import ImagesTensor, NumberTensor, SeriesTensor
from services.manifests.sound_tensor import SoundTensor
from services.values.errors import InvalidValue
from services.values.framing import Frame
from services.values.images import frame_of
from services.values.kept_files import ids_in
from services.values.parse import check_value
from services.values.series import load_source, numbers_of
from services.values.table_values import check_table, rows_of

Array: TypeAlias = NDArray[Any]  # Any: element types differ between tensors
Build: TypeAlias = Callable[[Sequence[Row]], Array]
Sources: TypeAlias = Mapping[tuple[str, str], Sequence[float]]

_EPOCH = EPOCH.toordinal()
_PACKED = {
    "float32": "f", "float64": "d", "float16": "e", "int64": "q", "int32": "i", "int16": "h", "int8": "b",
    "uint32": "I", "uint16": "H", "uint8": "B", "bool": "?",
}  # fmt: skip


class Feeder:
    """The plan of a manifest's tensors, made once for a loaded graph."""

    def __init__(
        self, manifest: Manifest, graph: Sequence[GraphTensor], sources: Sources, encoders: Encoders | None = None
    ) -> None:
        """`sources` are the series that come with the model, by input and source; `encoders` make numbers of its texts.
        Raises ModelBroken where the manifest and the graph do not meet."""
        self._inputs = manifest.inputs
        shapes = {output.shape_of for output in manifest.outputs if isinstance(output, ImageOutput)}
        shapes |= {o.photo_of(manifest.inputs).name for o in manifest.outputs if isinstance(o, Overlay)}
        pictures = [field for field in manifest.inputs if isinstance(field, ImageInput)]
        self._framed = [field for field in pictures if field.prepare.free or field.name in shapes]
        self._free = [field.name for field in pictures if field.prepare.free]
        self._plan: list[tuple[str, Fit, Build]] = []
        self.plain_plan: dict[str, tuple[Fit, Sequence[Input]]] = {}
        """How the inputs of each tensor enter it, for whoever makes arrays of columns."""
        fields: dict[str, list[Input]] = {}
        for field in manifest.inputs:
            for name in tensors_of(field):
                fields.setdefault(name, []).append(field)
        known = {tensor.name: tensor for tensor in graph}
        constants = {constant.tensor: constant for constant in manifest.constants}
        if unknown := sorted((fields.keys() | constants.keys()) - known.keys()):
            problem, fix = f'the graph has no input "{unknown[0]}"', f"Name one of: {', '.join(known)}"
            raise ModelBroken(problem=problem, fix=fix)
        if unfed := sorted(known.keys() - fields.keys() - constants.keys()):
            problem = f'nothing feeds the graph\'s input "{unfed[0]}"'
            fix = "Add an input with that tensor, or a constant"
            raise ModelBroken(problem=problem, fix=fix)
        texts = [field for field in manifest.inputs if isinstance(field, TextInput) and field.name in (encoders or {})]
        self._texts = [TextFeed(field, (encoders or {})[field.name], known) for field in texts]
        self.windows: Windows | None = None
        for name, columns in fields.items():
            first = columns[0]
            if first in texts:
                continue
            fits = _fit(columns, known[name])
            if isinstance(first, SoundInput) and first.tensor is not None and first.tensor.window is not None:
                self.windows = Windows(first, fits, known)
            else:
                self._plan.append((name, fits, _builder(columns, sources)))
                self.plain_plan[name] = (fits, columns)
        self._constants = [(name, _constant(constants[name], known[name])) for name in constants]
        every = [*(each for _, each, _ in self._plan), *(text.fit for text in self._texts)]
        self.several = self.windows is None and all(each.several for each in every)
        self._apart = [*map(_apart, manifest.inputs), *(text.count for text in self._texts if not text.stacks)]

    @property
    def all_plain(self) -> bool:
        """Whether `plain_plan` is all of it."""
        return not self._texts and self.windows is None

    def feeds(self, rows: Sequence[Row]) -> dict[str, Array]:
        """The arrays for these rows. Raises BadInput or InvalidValue where one of them does not fit the manifest."""
        try:
            fed = {name: _shaped(build(rows), fit, len(rows)) for name, fit, build in self._plan}
            for text in self._texts:
                fed |= text.feeds(rows)
            return fed | self.constants(len(rows))
        except (KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
            raise self._blame(rows, error) from error

    def constants(self, rows: int) -> dict[str, Array]:
        return {name: constant(rows) for name, constant in self._constants}

    def frames(self, rows: Sequence[Row]) -> list[dict[str, Frame]]:
        """Where each row's pictures will lie, by input: of those whose sides are free, or that give an answer its
        shape; nothing where there are none. Raises BadInput or InvalidValue."""
        if not self._framed:
            return []
        try:
            return [{f.name: frame_of(row.files[f.name], f.prepare) for f in self._framed} for row in rows]
        except KeyError as error:
            raise self._blame(rows, error) from error

    def groups(self, rows: Sequence[Row], frames: Sequence[Mapping[str, Frame]] = ()) -> list[list[int]]:
        """Positions of rows whose arrays have the same shapes: series of different lengths, and pictures of different
        sizes, cannot be stacked."""
        if not self.several:
            return [[position] for position in range(len(rows))]
        unlike = [tell for tell in self._apart if tell is not None]
        if not self._free and not unlike:
            return [list(range(len(rows)))]
        groups: dict[tuple[object, ...], list[int]] = {}
        for position, row in enumerate(rows):
            sheets = [frames[position][name].sheet for name in self._free]
            groups.setdefault((*(tell(row) for tell in unlike), *sheets), []).append(position)
        return list(groups.values())

    def _blame(self, rows: Sequence[Row], error: Exception) -> BadInput:
        for field in self._inputs:
            for row in rows:
                try:
                    if field.tensor is not None:
                        check_value(field, row.values[field.name])
                except (KeyError, InvalidValue):
                    return BadInput(name=field.label)
        return BadInput(name=type(error).__name__)


def load_sources(manifest: Manifest, folder: Path) -> Sources:
    """The series that come with a model. Raises ModelBroken."""
    fields = [field for field in manifest.inputs if isinstance(field, SeriesInput)]
    return {(field.name, each.value): _source(folder, field, each.value) for field in fields for each in field.sources}


def _source(folder: Path, field: SeriesInput, value: str) -> list[float]:
    try:
        return load_source(folder, field, value)
    except InvalidValue as error:
        problem = error.message.format(**error.params)
        problem = f'source "{value}" of "{field.name}": {problem}'
        raise ModelBroken(problem=problem, fix="Correct the file or the bounds of the input") from error


def _constant(constant: Constant, graph: GraphTensor) -> Callable[[int], Array]:
    """The array for so many rows: of a free side of the graph's as many. Raises ModelBroken."""
    if graph.dtype != constant.dtype:
        problem = f'the constant "{graph.name}" is {constant.dtype}, the graph takes {graph.dtype}'
        raise ModelBroken(problem=problem, fix=f'Write dtype = "{graph.dtype}"')
    value = np.empty(constant.shape, np.dtype(constant.dtype))
    given = np.array(constant.values, value.dtype)
    value[...] = given.reshape(constant.shape) if len(given) == value.size else given[0]
    wanted = graph.shape
    if wanted is None or agree(constant.shape, wanted):
        side = _batch_of(constant, wanted or ())
        return lambda rows: value if side is None else np.repeat(value, rows, axis=side)
    problem = f'the constant "{graph.name}" has shape {list(constant.shape)}, the graph takes {show_shape(wanted)}'
    raise ModelBroken(problem=problem, fix="Give it the graph's shape, with 1 for the batch")


def _batch_of(constant: Constant, graph: Shape) -> int | None:
    """Which side counts the rows: the one that the manifest tells, else the first free one that is 1 in it. A state of
    recurrent layers has its layers first."""
    if constant.batch is not None:
        return constant.batch
    pairs = enumerate(zip(graph, constant.shape, strict=True))
    return next((place for place, (side, own) in pairs if side is None and own == 1), None)


def _shaped(array: Array, fit: Fit, rows: int) -> Array:
    return array.reshape(fit.batch_shape(rows, array.shape))


def _apart(field: Input) -> Callable[[Row], object] | None:
    """What tells rows apart that cannot be stacked; None where this input's all can."""
    name = field.name
    match field:
        case SeriesInput(tensor=SeriesTensor()) if field.min_length != field.max_length:
            return lambda row: _length(row.values.get(name))
        case TableInput(tensor=NumberTensor()) if field.min_rows != field.max_rows:
            return lambda row: _length(row.values.get(name))
        case ImagesInput(tensor=ImagesTensor()) if field.min_count != field.max_count:
            return lambda row: len(ids_in(row.values.get(name)))
        case SoundInput(length=None, tensor=SoundTensor()):
            return lambda row: len(row.files.get(name, b""))
    return None


def _length(value: object) -> object:
    numbers = rows_of(value) or numbers_of(value)
    return str(value) if numbers is None else len(numbers)


def _fit(fields: Sequence[Input], graph: GraphTensor) -> Fit:
    """How the fields' array enters the graph's input. Raises ModelBroken."""
    row, first = row_shape(fields), fields[0].tensor
    assert first is not None
    if graph.dtype != first.dtype:
        problem = f'tensor "{graph.name}" takes {graph.dtype}, the manifest makes {first.dtype}'
        raise ModelBroken(problem=problem, fix=f'Write dtype = "{graph.dtype}"')
    batch = isinstance(first, ImagesTensor) and first.stack == "batch"
    if (found := _fit_whole(row, graph.shape) if batch else fit(row, graph.shape)) is None or (
        isinstance(first, ImagesTensor) and found.batched == batch
    ):
        made, wanted = show_shape(row if batch else (None, *row)), show_shape(graph.shape or ())
        problem = f'tensor "{graph.name}" takes {wanted}, the manifest makes {made}'
        raise ModelBroken(problem=problem, fix=_cure(fields[0], graph.shape or ()))
    return found


def _fit_whole(row: Shape, graph: Shape | None) -> Fit | None:
    """Of a row that is the graph's whole batch."""
    if graph is not None and not enters(row, graph):
        return None
    return Fit(shape=row, batched=False, several=False)


def _cure(field: Input, graph: Shape) -> str:
    """How the manifest's array gets the graph's shape."""
    if isinstance(field, ImagesInput):
        if len(graph) == 4:
            return 'Write stack = "batch" where the pictures are its rows; see size, min_count and max_count'
        return "Make size, min_count and max_count those that it takes"
    if isinstance(field, ImageInput) and len(graph) > 2 and None not in row_shape([field]):
        return "Make the picture as large, and of as many channels, as it takes"
    if isinstance(field, ImageInput) and len(graph) > 2:
        last = field.tensor is not None and field.tensor.layout == "NHWC"
        height, width = graph[-3:-1] if last else graph[-2:]
        sides = ", ".join('"free"' if side is None else str(side) for side in (width, height))
        return f"Its sides are not free: write size = [{sides}]"
    return "Make the inputs of this tensor as many and as long as it takes"


def show_shape(shape: Shape) -> str:
    return "[" + ", ".join("N" if side is None else str(side) for side in shape) + "]"


def row_shape(fields: Sequence[Input]) -> Shape:
    """The shape that one row of these inputs of one tensor makes, without a batch."""
    match fields[0]:
        case ImageInput(prepare=spec, tensor=tensor):
            return picture_shape(spec, "NCHW" if tensor is None else tensor.layout)
        case ImagesInput(prepare=spec, tensor=tensor) as field if tensor is not None:
            count = field.max_count if field.min_count == field.max_count else None
            return (count, *picture_shape(spec, tensor.layout))
        case SoundInput(tensor=tensor) as field if tensor is not None:
            return tensor.shaped(field.length if tensor.window is None else tensor.window + tensor.context)
        case SeriesInput(tensor=tensor) as field:
            length = field.max_length if field.min_length == field.max_length else None
            return (length, 1) if tensor is not None and tensor.layout == "column" else (length,)
        case TableInput(columns=columns, min_rows=fewest, max_rows=most):
            return (most if fewest == most else None, len(columns))
    return (sum(_width(field) for field in fields),)


def _width(field: Input) -> int:
    one_hot = isinstance(field, ChoiceInput) and field.tensor is not None and field.tensor.encode == "one_hot"
    return len(field.options) if isinstance(field, ChoiceInput) and one_hot else 1


def _builder(fields: Sequence[Input], sources: Sources) -> Build:
    first = fields[0]
    assert first.tensor is not None
    dtype = first.tensor.dtype
    match first:
        case ImageInput():
            return image_builder(first)
        case ImagesInput():
            return images_builder(first)
        case SoundInput():
            return sound_builder(first)
        case SeriesInput():
            return _series_builder(first, sources)
        case TableInput():
            return _table_builder(first, dtype)
    return _plain_builder(fields, dtype)


def _plain_builder(fields: Sequence[Input], dtype: str) -> Build:
    names = [field.name for field in fields]
    if dtype == "string":
        return lambda rows: np.array([[_text(row.values[name]) for name in names] for row in rows], dtype=object)
    plain = all(isinstance(field, NumberInput | IntegerInput | BooleanInput) for field in fields)
    if plain and (dtype.startswith("float") or not any(isinstance(field, NumberInput) for field in fields)):
        return _packer(names, dtype)
    return _encoded([(field.name, _encoder(field)) for field in fields], dtype)


def _packer(names: Sequence[str], dtype: str) -> Build:
    """Plain numbers, row after row: packing bytes is twice as quick as letting NumPy look at each of them."""
    pack = struct.Struct(f"={len(names)}{_PACKED[dtype]}").pack
    if len(names) == 1:
        name = names[0]
        return lambda rows: np.frombuffer(b"".join([pack(row.values[name]) for row in rows]), dtype)
    pick = operator.itemgetter(*names)
    return lambda rows: np.frombuffer(b"".join([pack(*pick(row.values)) for row in rows]), dtype)


def _encoded(encoders: Sequence[tuple[str, Callable[[Any], Sequence[float]]]], dtype: str) -> Build:
    def build(rows: Sequence[Row]) -> Array:
        listed = [[n for name, encode in encoders for n in encode(row.values[name])] for row in rows]
        if dtype.startswith("float"):
            return np.array(listed, dtype)
        if any(number != int(number) for row in listed for number in row):
            raise ValueError(dtype)
        whole = np.array([[int(number) for number in row] for row in listed], np.int64)
        return _converted(whole, dtype)

    return build


def _converted(numbers: Array, dtype: str) -> Array:
    """Raises ValueError where a whole type would change a number."""
    with np.errstate(invalid="ignore"):
        converted = numbers.astype(dtype)
    if not dtype.startswith("float") and (converted != numbers).any():
        raise ValueError(dtype)
    return converted


def _encoder(field: Input) -> Callable[[Any], Sequence[float]]:  # Any: a value, whose type the field tells
    """A value as its columns."""
    if isinstance(field, ChoiceInput) and field.tensor is not None:
        if field.tensor.encode == "one_hot":
            size = len(field.options)
            table = {o.value: tuple(float(i == at) for i in range(size)) for at, o in enumerate(field.options)}
        else:
            table = {option.value: (field.number_of(option.value),) for option in field.options}
        return table.__getitem__
    if isinstance(field, DateInput):
        return lambda value: (dt.date.fromisoformat(value).toordinal() - _EPOCH,)
    return lambda value: (value,)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _series_builder(field: SeriesInput, sources: Sources) -> Build:
    assert field.tensor is not None
    dtype, column = field.tensor.dtype, field.tensor.layout == "column"

    def build(rows: Sequence[Row]) -> Array:
        values = [row.values[field.name] for row in rows]
        series = [numbers_of(v) or sources[field.name, cast(dict[str, str], v)["source"]] for v in values]
        stacked = _converted(np.array(series, np.float64), dtype)
        return stacked[..., np.newaxis] if column else stacked

    return build


def _table_builder(field: TableInput, dtype: str) -> Build:
    def build(rows: Sequence[Row]) -> Array:
        tables = [check_table(field, cast(dict[str, Any], row.values[field.name]))["rows"] for row in rows]
        return _converted(np.array(tables, np.float64), dtype)

    return build
