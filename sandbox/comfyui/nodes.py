"""What a node is, described as ComfyUI's `/object_info` does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.comfyui.painting import Batch
from sandbox.comfyui.wire import JsonObject

InputConfig = list[Any]  # Any: ComfyUI's pairs of a type, or of choices, with options
Values = Mapping[str, Any]  # Any: what nodes hand to one another


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Pictures for one of the server's folders; the worker names and keeps them."""

    images: Batch
    prefix: str
    folder: str = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`run` takes the inputs by name. With `steps` it gives what the outputs would be after each step."""

    name: str
    title: str
    inputs: Mapping[str, InputConfig]
    run: Callable[[Values], Any]  # Any: a tuple of outputs, or Saved
    outputs: tuple[str, ...] = ()
    steps: Callable[[Values], Iterator[tuple[Any, ...]]] | None = None
    hidden: Mapping[str, str] = field(default_factory=dict)
    is_output: bool = False
    category: str = "image"
    finds: Callable[[str], bool] | None = None
    """Whether the file that its first input names is there; choices list only those of the top folder."""

    def info(self) -> JsonObject:
        """As in `/object_info`."""
        order = {"required": list(self.inputs)} | ({"hidden": list(self.hidden)} if self.hidden else {})
        given: JsonObject = {"required": dict(self.inputs)} | ({"hidden": dict(self.hidden)} if self.hidden else {})
        return {
            "input": given,
            "input_order": order,
            "is_input_list": False,
            "output": list(self.outputs),
            "output_is_list": [False] * len(self.outputs),
            "output_name": list(self.outputs),
            "name": self.name,
            "display_name": self.title,
            "description": "",
            "python_module": "nodes",
            "category": self.category,
            "output_node": self.is_output,
            "has_intermediate_output": False,
            "search_aliases": [],
        }
