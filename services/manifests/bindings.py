"""What ties inputs and outputs to an engine: tensors of a graph, nodes of a workflow, or their names alone. What is
talked to has neither inputs nor outputs."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from services.manifests.schema import Table, wrong

if TYPE_CHECKING:
    from services.manifests.inputs import Input
    from services.manifests.manifest import Constant
    from services.manifests.outputs import Output

_ARTICLES = {
    "series": "A series",
    "image": "An image",
    "images": "A list of images",
    "audio": "A sound",
    "table": "A table",
    "text": "A text in numbers",
}
_MISSING = "is missing", "Add it; docs/manifest.md tells what it holds"


class Binding(StrEnum):
    """How a kind of runtime finds what belongs to an input or output."""

    TENSOR = "tensor"
    NODE = "node"
    NAME = "name"
    TALK = "talk"


class NodeBinding(Table):
    """A node of a workflow, by its id or by its title; `input` is the key below its `inputs` that is filled in."""

    id: str | None = Field(default=None, min_length=1, max_length=64)
    title: str | None = Field(default=None, min_length=1, max_length=200)
    input: str | None = Field(default=None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.id is None) == (self.title is None):
            raise wrong("names no node", 'Write { id = "…" } or { title = "…" }, one of the two')
        return self

    def __str__(self) -> str:
        return f'the node "{self.id}"' if self.id is not None else f'the node titled "{self.title}"'


def check_bindings(
    binding: Binding, inputs: Sequence["Input"], outputs: Sequence["Output"], constants: Sequence["Constant"]
) -> None:
    """Refuse what the kind of runtime cannot find, and what it has no use for."""
    if binding is Binding.TALK:
        _refuse_all(inputs=inputs, outputs=outputs, constants=constants)
        return
    if (
        absent := next((key for key, items in (("inputs", inputs), ("outputs", outputs)) if not items), None)
    ) is not None:
        raise wrong(*_MISSING, absent)
    if binding is Binding.TENSOR:
        check_tensors(inputs, constants)
        if (nameless := next((output for output in outputs if not output.tensor), None)) is not None:
            raise wrong(*_MISSING, "outputs", nameless.name, "tensor")
    else:
        _refuse_tensors(binding, inputs, outputs, constants)
    if binding is Binding.NODE:
        _check_nodes(inputs, outputs)
    else:
        _refuse_nodes(inputs, outputs)


def _refuse_all(**tables: Sequence[object]) -> None:
    for key, items in tables.items():
        if items:
            raise wrong("this kind of runtime is talked to and has none", "Remove it", key)


def check_tensors(inputs: Sequence["Input"], constants: Sequence["Constant"]) -> None:
    """Inputs that share a tensor become its columns: of one element type, and neither pictures nor series."""
    shared: dict[str, list[Input]] = {}
    for field in inputs:
        if field.tensor is not None:
            for name in tensors_of(field):
                shared.setdefault(name, []).append(field)
        if field.type in {"image", "images"} and "prepare" not in field.model_fields_set:
            raise wrong(*_MISSING, "inputs", field.name, "prepare")
    fed = [constant.tensor for constant in constants]
    if twice := sorted(set(fed) & shared.keys()) or [name for name in fed if fed.count(name) > 1]:
        raise wrong(f'the tensor "{twice[0]}" is fed twice', "Keep one of the two", "constants")
    if not shared:
        raise wrong("no input names a tensor", 'Add tensor = { name = "…" } to at least one', "inputs")
    _check_shared(shared)


def _check_shared(shared: Mapping[str, Sequence["Input"]]) -> None:
    for tensor, fields in shared.items():
        for field in fields[1:]:
            if field.tensor and fields[0].tensor and field.tensor.dtype != fields[0].tensor.dtype:
                problem = f"{field.tensor.dtype}, but {fields[0].name} makes {tensor} {fields[0].tensor.dtype}"
                raise wrong(problem, "Give all columns one dtype", "inputs", field.name, "tensor", "dtype")
        whole = next((field for field in fields if _is_whole(field)), None)
        if whole and len(fields) > 1:
            problem = f'the tensor "{tensor}" cannot be shared'
            raise wrong(problem, f"{_ARTICLES[whole.type]} has its own", "inputs", whole.name, "tensor", "name")


def tensors_of(field: "Input") -> list[str]:
    """The names of all that this input fills."""
    if field.tensor is None:
        return []
    return list(field.tensor.names) if field.type == "text" else [field.tensor.name]


def _is_whole(field: "Input") -> bool:
    """Whether it fills a tensor alone."""
    numbered = field.type == "text" and field.tensor is not None and field.tensor.numbered
    return numbered or field.type in {"series", "image", "images", "audio", "table"}


def _check_nodes(inputs: Sequence["Input"], outputs: Sequence["Output"]) -> None:
    if all(field.node is None for field in inputs):
        raise wrong("no input names a node", 'Add node = { id = "…", input = "…" } to at least one', "inputs")
    for field in inputs:
        if field.node is not None and field.node.input is None:
            raise wrong("does not say which input of the node", 'Add input = "…"', "inputs", field.name, "node")
    for output in outputs:
        if output.node is None:
            raise wrong(*_MISSING, "outputs", output.name, "node")


def _refuse_tensors(
    binding: Binding, inputs: Sequence["Input"], outputs: Sequence["Output"], constants: Sequence["Constant"]
) -> None:
    problem, fix = "this kind of runtime has no tensors", "Remove it"
    if binding is Binding.NODE:
        fix = "Name a node instead"
    if constants:
        raise wrong(problem, fix, "constants")
    for key, items in (("inputs", inputs), ("outputs", outputs)):
        if (bound := next((item for item in items if item.tensor), None)) is not None:
            raise wrong(problem, fix, key, bound.name, "tensor")


def _refuse_nodes(inputs: Sequence["Input"], outputs: Sequence["Output"]) -> None:
    for key, items in (("inputs", inputs), ("outputs", outputs)):
        if (bound := next((item for item in items if item.node is not None), None)) is not None:
            raise wrong("this kind of runtime has no nodes", "Remove it", key, bound.name, "node")
