"""Datatypes of the protocol, as arrays and as a manifest writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Datatype:
    """`element`: NumPy's type on the wire, little-endian; empty for texts. `dtype`: the manifest's."""

    element: str
    dtype: str


DATATYPES: Final[Mapping[str, Datatype]] = {
    "BOOL": Datatype(element="?", dtype="bool"),
    "UINT8": Datatype(element="u1", dtype="uint8"),
    "UINT16": Datatype(element="<u2", dtype="uint16"),
    "UINT32": Datatype(element="<u4", dtype="uint32"),
    "UINT64": Datatype(element="<u8", dtype="uint64"),
    "INT8": Datatype(element="i1", dtype="int8"),
    "INT16": Datatype(element="<i2", dtype="int16"),
    "INT32": Datatype(element="<i4", dtype="int32"),
    "INT64": Datatype(element="<i8", dtype="int64"),
    "FP16": Datatype(element="<f2", dtype="float16"),
    "BF16": Datatype(element="<u2", dtype="float32"),  # the upper half of a float32, which NumPy has no type for
    "FP32": Datatype(element="<f4", dtype="float32"),
    "FP64": Datatype(element="<f8", dtype="float64"),
    "BYTES": Datatype(element="", dtype="string"),
}
OF_DTYPE: Final[Mapping[str, str]] = {each.dtype: name for name, each in DATATYPES.items()}
"""Where a server does not tell the datatype of an input: the manifest's dtype says it."""
