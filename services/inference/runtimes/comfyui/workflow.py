"""A ComfyUI workflow in API format: nodes by id, each with its class, its inputs and, in `_meta`, its title."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from services.manifests.bindings import NodeBinding

Json: TypeAlias = dict[str, Any]  # Any: as ComfyUI writes it
MAX_BYTES: Final = 10_000_000
SEEDS: Final = ("seed", "noise_seed")
EXPORT: Final = "In ComfyUI choose Workflow → Export (API) and put that file here"


class WorkflowUnfit(Exception):
    """`problem` and `fix`, for the operator, and the manifest's `key` that names what does not fit."""

    def __init__(self, problem: str, fix: str, key: str = "runtime.workflow") -> None:
        super().__init__(problem)
        self.problem, self.fix, self.key = problem, fix, key


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInput:
    """One input of one node, whose value is written in the workflow and not taken from another node."""

    node: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    nodes: Mapping[str, Json]

    def find(self, binding: NodeBinding) -> str:
        """The node's id. Raises WorkflowUnfit."""
        if binding.id is not None:
            if binding.id in self.nodes:
                return binding.id
            raise WorkflowUnfit(f'there is no node "{binding.id}"', f"The workflow has {_some(self.nodes)}")
        titled = [node_id for node_id in self.nodes if self.title(node_id) == binding.title]
        if len(titled) == 1:
            return titled[0]
        if titled:
            problem = f'{len(titled)} nodes are titled "{binding.title}"'
            raise WorkflowUnfit(problem, f"Name one by its id: {_some(titled)}")
        titles = sorted({title for node_id in self.nodes if (title := self.title(node_id))})
        raise WorkflowUnfit(f'no node is titled "{binding.title}"', f"The workflow has {_some(titles)}")

    def input(self, binding: NodeBinding, name: str | None = None) -> NodeInput:
        """`name`: what the binding need not say. Raises WorkflowUnfit."""
        node_id, name = self.find(binding), binding.input or name or ""
        given = self.nodes[node_id]["inputs"]
        if name not in given:
            raise WorkflowUnfit(f'{binding} has no input "{name}"', f"It has {_some(given)}")
        if isinstance(given[name], list):
            problem = f'"{name}" of {binding} comes from another node'
            raise WorkflowUnfit(problem, "Name that node, or unlink the input and export the workflow again")
        return NodeInput(node=node_id, name=name)

    def seeds(self) -> Iterator[NodeInput]:
        """Of all nodes that draw lots."""
        for node_id, node in self.nodes.items():
            for name in SEEDS:
                if isinstance(node["inputs"].get(name), int):
                    yield NodeInput(node=node_id, name=name)

    def literal(self, place: NodeInput) -> Any:  # Any: JSON
        return self.nodes[place.node]["inputs"][place.name]

    def kind(self, node_id: str) -> str:
        """The node's class."""
        return str(self.nodes[node_id]["class_type"])

    def title(self, node_id: str) -> str:
        meta = self.nodes[node_id].get("_meta")
        return str(meta.get("title", "")) if isinstance(meta, dict) else ""

    def named(self, node_id: str) -> str:
        """As an operator finds it in the editor."""
        title = self.title(node_id)
        return f'the node "{title}" ({node_id})' if title else f'the node "{node_id}" ({self.kind(node_id)})'


def read_workflow(file: Path) -> Workflow:
    """Raises WorkflowUnfit, OSError."""
    if file.stat().st_size > MAX_BYTES:
        raise WorkflowUnfit(f"{file.name} is over {MAX_BYTES // 1_000_000} MB", "A workflow is a short text")
    try:
        given = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        raise WorkflowUnfit(f"{file.name} is not JSON", EXPORT) from None
    if isinstance(given, dict) and isinstance(given.get("prompt"), dict):
        given = given["prompt"]  # as it is posted
    if isinstance(given, dict) and isinstance(given.get("nodes"), list):
        raise WorkflowUnfit(f"{file.name} is a workflow as the editor saves it, which no server runs", EXPORT)
    if not isinstance(given, dict) or not given or not all(map(_is_node, given.values())):
        raise WorkflowUnfit(f"{file.name} is no workflow in API format", EXPORT)
    return Workflow(nodes=given)


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)


def _some(names: Any) -> str:  # Any: an iterable of texts
    listed = [f'"{name}"' for name in names]
    more = f" and {len(listed) - 12} more" if len(listed) > 12 else ""
    return (", ".join(listed[:12]) or "none") + more
