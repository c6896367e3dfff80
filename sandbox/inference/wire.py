"""Tensors on the wire: JSON and the binary extension, in and out."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.inference.dialects import Dialect, Wrong
from sandbox.inference.models import ONNX_KINDS

JsonObject = dict[str, Any]  # Any: one alias for every object of the protocol

ELEMENTS: Final[Mapping[str, str]] = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8", "BF16": "<u2",
}  # fmt: skip
HALVES: Final = frozenset({"FP16", "BF16"})


class Refused(Exception):
    """What is wrong with a request; the dialect says how that is answered."""

    def __init__(self, wrong: Wrong, text: str) -> None:
        super().__init__(text)
        self.wrong, self.text = wrong, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An input as it came: `array` of ONNX's type."""

    datatype: str
    shape: tuple[int, ...]
    array: Any  # of numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class InferRequest:
    """`outputs`: those that are wanted and whether in binary; none: all, in binary where `binary` says so."""

    id: str | None
    inputs: Mapping[str, Sent]
    outputs: Mapping[str, bool]
    binary: bool


def read_request(raw: bytes, json_bytes: int | None, dialect: Dialect) -> InferRequest:
    """`json_bytes`: what the header of the binary extension says. Raises Refused."""
    if json_bytes is not None and not dialect.binary_in:
        raise Refused(
            "binary",
            "Traceback (most recent call last):\n  …\norjson.JSONDecodeError: unexpected content after document",
        )
    document = _document(raw if json_bytes is None else raw[:json_bytes], dialect)
    tail = memoryview(raw)[json_bytes:] if json_bytes is not None else memoryview(b"")
    if not isinstance(document.get("inputs"), list) or not document["inputs"]:
        raise Refused("no_inputs", "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'")
    inputs: dict[str, Sent] = {}
    for each in document["inputs"]:
        sent, tail = _input(each, tail, dialect)
        inputs[each["name"]] = sent
    if len(tail):
        raise Refused("json", f"unexpected additional input data for model: {len(tail)} bytes")
    wanted = document.get("outputs") or []
    everything = bool((document.get("parameters") or {}).get("binary_data_output"))
    outputs = {each["name"]: bool((each.get("parameters") or {}).get("binary_data", everything)) for each in wanted}
    return InferRequest(id=document.get("id"), inputs=inputs, outputs=outputs, binary=everything)


def _document(raw: bytes, dialect: Dialect) -> JsonObject:
    def constant(text: str) -> float:
        if not dialect.nan_in_json:
            raise ValueError(text)
        return float(text)

    try:
        document = json.loads(raw, parse_constant=constant)
    except ValueError as error:
        raise Refused("json", f"failed to parse the request JSON buffer: {error}") from error
    if not isinstance(document, dict):
        raise Refused("json", "failed to parse the request JSON buffer: an object is expected")
    return document


def _input(given: JsonObject, tail: memoryview, dialect: Dialect) -> tuple[Sent, memoryview]:
    import numpy as np

    name, shape, datatype = given.get("name"), given.get("shape"), str(given.get("datatype"))
    if not isinstance(name, str) or not isinstance(shape, list) or not all(isinstance(side, int) for side in shape):
        raise Refused("json", "Unable to parse 'name' or 'shape' of an input")
    if datatype not in ONNX_KINDS:
        raise Refused("dtype", f"inference input '{name}' has an invalid data-type '{datatype}'")
    size = (given.get("parameters") or {}).get("binary_data_size")
    count = math.prod(shape)
    if size is not None:
        values, tail = _binary(name, datatype, tail[:size], size), tail[size:]
    elif datatype in HALVES and not dialect.half_in_json:
        raise Refused(
            "half_in_json", f"sending {datatype} data via JSON is not supported. Please use the binary data format"
        )
    else:
        values = _listed(name, datatype, given.get("data"))
    if values.size != count:
        raise Refused(
            "shape", f"unexpected total byte size for input '{name}': {values.size} elements, expecting {count}"
        )
    if datatype == "BF16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return Sent(datatype=datatype, shape=tuple(shape), array=values.reshape(shape)), tail


def _binary(name: str, datatype: str, part: memoryview, size: int) -> Any:  # Any: an array
    import numpy as np

    if len(part) != size:
        raise Refused("shape", f"unexpected size for input '{name}', expecting {size} bytes, {len(part)} are there")
    if datatype == "BYTES":
        return np.array([*_strings(part)], object)
    element = np.dtype(ELEMENTS[datatype])
    if size % element.itemsize:
        raise Refused("shape", f"unexpected size for input '{name}'")
    return np.frombuffer(part, element)


def _strings(part: memoryview) -> Iterator[str]:
    while len(part):
        length = int.from_bytes(part[:4], "little")
        try:
            yield bytes(part[4 : 4 + length]).decode()
        except UnicodeDecodeError as error:
            raise Refused("run", f"'utf-8' codec can't decode bytes: {error.reason}") from error
        part = part[4 + length :]


def _listed(name: str, datatype: str, data: Any) -> Any:  # Any: JSON in, an array out
    import numpy as np

    values = [*_flat(data)]
    fits = {"BYTES": str, "BOOL": bool}.get(datatype)
    if fits is not None:
        wrong = not all(isinstance(value, fits) for value in values)
    else:
        kinds = (int, float) if datatype.startswith(("FP", "BF")) else (int,)
        wrong = not all(isinstance(value, kinds) and not isinstance(value, bool) for value in values)
    if wrong:
        raise Refused("dtype", f"unable to parse 'data' of input '{name}': attempt to access JSON non-{datatype} value")
    if datatype == "BYTES":
        return np.array(values, object)
    if datatype == "BF16":
        return (np.array(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    try:
        return np.array(values, np.dtype(ELEMENTS[datatype]))
    except OverflowError as error:
        raise Refused("dtype", f"unable to parse 'data' of input '{name}': {error}") from error


def _flat(data: Any) -> Iterator[Any]:  # Any: JSON
    if isinstance(data, list):
        for each in data:
            yield from _flat(each)
    else:
        yield data


def packed(datatype: str, array: Any) -> bytes:  # Any: of numpy
    """Little-endian bytes, row after row."""
    import numpy as np

    if datatype == "BYTES":
        texts = [str(text).encode() for text in array.ravel().tolist()]
        return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    if datatype == "BF16":
        array = (np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return bytes(np.ascontiguousarray(array, np.dtype(ELEMENTS[datatype])).tobytes())


def listed(array: Any) -> list[Any]:  # Any: of numpy
    """Flat, with null for what JSON has no word for."""
    values: Sequence[Any] = array.ravel().tolist()
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
