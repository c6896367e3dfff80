"""Arrays ↔ bodies of requests and answers, as JSON or with the binary extension: raw tensors behind the JSON."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.inference.runtimes.open_inference.datatypes import DATATYPES

Array: TypeAlias = NDArray[Any]  # Any: element types differ
JSON_BYTES: Final = "Inference-Header-Content-Length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """`json_bytes`: where the JSON ends; None where it is all."""

    raw: bytes
    json_bytes: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        if self.json_bytes is None:
            return {"Content-Type": "application/json"}
        return {"Content-Type": "application/octet-stream", JSON_BYTES: str(self.json_bytes)}


def encode(feeds: Mapping[str, Array], datatypes: Mapping[str, str], outputs: Sequence[str], *, binary: bool) -> Body:
    """`datatypes` of the feeds, by name; `outputs` that are wanted. Texts are arrays of str."""
    parts: list[bytes] = []
    inputs: list[dict[str, Any]] = []
    for name, array in feeds.items():
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": datatypes[name]}
        if binary:
            parts.append(_packed(array, datatypes[name]))
            entry["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            entry["data"] = array.ravel().tolist()
        inputs.append(entry)
    wanted = [{"name": name, **({"parameters": {"binary_data": True}} if binary else {})} for name in outputs]
    head = json.dumps({"inputs": inputs, "outputs": wanted}, allow_nan=False).encode()
    return Body(raw=b"".join([head, *parts]), json_bytes=len(head)) if binary else Body(raw=head)


def decode(body: Body) -> dict[str, Array]:
    """Outputs by name; what is no number in JSON is NaN. Raises BadOutput for what is no answer of the protocol."""
    try:
        document = json.loads(body.raw if body.json_bytes is None else body.raw[: body.json_bytes])
        outputs = document["outputs"]
        tail = memoryview(body.raw)[body.json_bytes :] if body.json_bytes is not None else memoryview(b"")
        decoded = {}
        for output in outputs:
            size = (output.get("parameters") or {}).get("binary_data_size")
            decoded[output["name"]] = _array(output, None if size is None else tail[:size], size)
            tail = tail[size or 0 :]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        what = " ".join(str(error).split())[:200]
        raise BadOutput(problem=f"the server's answer cannot be read: {type(error).__name__}: {what}") from None
    if len(tail):
        raise BadOutput(problem=f"{len(tail)} bytes of the server's answer belong to no output")
    return decoded


def _array(output: Mapping[str, Any], part: memoryview | None, size: int | None) -> Array:
    """Raises ValueError, KeyError, TypeError, OverflowError."""
    name, shape, datatype = output["name"], output["shape"], output["datatype"]
    if datatype not in DATATYPES or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"{name} is {datatype} of shape {shape}")
    if part is None:
        found = _listed(_flat(output["data"]), datatype)
    elif len(part) != size:
        raise ValueError(f"{name} ends too early")
    else:
        found = _unpacked(part, datatype)
    if found.size != math.prod(shape):
        raise ValueError(f"{name} has {found.size} elements for the shape {shape}")
    return found.reshape(shape)


def _packed(array: Array, datatype: str) -> bytes:
    if datatype == "BYTES":
        texts = [str(text).encode() for text in array.ravel().tolist()]
        return b"".join([piece for text in texts for piece in (len(text).to_bytes(4, "little"), text)])
    if datatype == "BF16":
        array = _bfloat(array)
    return np.ascontiguousarray(array, DATATYPES[datatype].element).tobytes()


def _bfloat(array: Array) -> NDArray[np.uint16]:
    """Rounded to the nearest, ties to even; NaN stays one."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
    rounded: NDArray[np.uint16] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded)


def _unpacked(part: memoryview, datatype: str) -> Array:
    if datatype == "BYTES":
        return _texts(_pieces(part))
    found = np.frombuffer(part, DATATYPES[datatype].element)
    return (found.astype(np.uint32) << 16).view(np.float32) if datatype == "BF16" else found


def _pieces(part: memoryview) -> Iterator[str]:
    at = 0
    while at < len(part):
        length = int.from_bytes(part[at : at + 4], "little")
        at += 4 + length
        if at > len(part):
            raise ValueError("a text ends too early")
        yield bytes(part[at - length : at]).decode("utf-8", "replace")


def _texts(texts: Iterable[Any]) -> Array:
    listed = list(texts)
    found = np.empty(len(listed), object)
    found[:] = listed
    return found


def _listed(data: Sequence[Any], datatype: str) -> Array:
    kind = DATATYPES[datatype]
    if datatype == "BYTES":
        if not all(isinstance(value, str) for value in data):
            raise TypeError("a text is none")
        return _texts(data)
    if any(isinstance(value, str) or (value is None and not kind.dtype.startswith("float")) for value in data):
        raise TypeError(f"what is told as {datatype} is none")
    return np.array(data, kind.dtype)


def _flat(data: Any) -> list[Any]:  # Any: JSON
    """Flat or nested: both are allowed."""
    if not isinstance(data, list):
        raise TypeError("data is no list")
    if not any(isinstance(each, list) for each in data):
        return data
    return [value for each in data for value in (_flat(each) if isinstance(each, list) else [each])]
