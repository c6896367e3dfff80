"""What a server says of a model: its inputs and outputs. Some say nothing, and the manifest has to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.inference.runtimes.open_inference.datatypes import DATATYPES, OF_DTYPE
from services.inference.tensors import GraphTensor
from services.manifests.bindings import tensors_of
from services.manifests.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTensor:
    """`shape`: None where a side is free."""

    name: str
    datatype: str
    shape: tuple[int | None, ...]

    @property
    def tensor(self) -> GraphTensor:
        kind = DATATYPES.get(self.datatype)
        dtype = self.datatype.lower() if kind is None else kind.dtype
        return GraphTensor(name=self.name, dtype=dtype, shape=self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata:
    """Empty where the server keeps them to itself. `versions`: all that are served."""

    inputs: tuple[WireTensor, ...] = ()
    outputs: tuple[WireTensor, ...] = ()
    versions: tuple[str, ...] = ()

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "ModelMetadata":  # Any: JSON
        versions = told.get("versions")
        listed = versions if isinstance(versions, list) else ()
        return cls(
            inputs=_tensors(told.get("inputs")),
            outputs=_tensors(told.get("outputs")),
            versions=tuple(str(version) for version in listed),
        )

    def inputs_of(self, manifest: Manifest) -> Sequence[GraphTensor]:
        if self.inputs:
            return [each.tensor for each in self.inputs]
        dtypes = {
            name: field.tensor.dtype
            for field in manifest.inputs
            if field.tensor is not None
            for name in tensors_of(field)
        }
        dtypes |= {constant.tensor: constant.dtype for constant in manifest.constants}
        return [GraphTensor(name=name, dtype=dtype, shape=None) for name, dtype in dtypes.items()]

    def datatypes(self, tensors: Sequence[GraphTensor]) -> Mapping[str, str]:
        told = {each.name: each.datatype for each in self.inputs}
        return {each.name: told.get(each.name) or OF_DTYPE[each.dtype] for each in tensors}


def _tensors(listed: Any) -> tuple[WireTensor, ...]:  # Any: JSON
    """What is no description of a tensor is left out."""
    found = []
    for each in listed if isinstance(listed, list) else ():
        match each:
            case {"name": str(name), "datatype": str(datatype), "shape": list(sides)}:
                found.append(WireTensor(name=name, datatype=datatype.upper(), shape=tuple(map(_side, sides))))
    return tuple(found)


def _side(side: Any) -> int | None:  # Any: a number, or its digits
    try:
        return number if (number := int(side)) >= 0 else None
    except (TypeError, ValueError):
        return None
