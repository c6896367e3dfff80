"""What a manifest ties to nodes, and the prompt that a row becomes."""

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.inference.errors import BadInput
from services.inference.runtimes.comfyui.workflow import SEEDS, Json, NodeInput, Workflow, WorkflowUnfit
from services.inference.tensors import Row
from services.manifests.bindings import NodeBinding
from services.manifests.manifest import (
    ChoiceInput,
    ImageInput,
    ImagesInput,
    Input,
    Manifest,
    Output,
    SeriesInput,
    TableInput,
)
from services.manifests.schema import Text
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value

FOLDER: Final = "kassandra"
"""Below the server's folders of inputs and outputs, so that our files are told from others'."""
PREFIX: Final = "filename_prefix"
STEPS: Final = "steps"
_SEED_LIMIT: Final = 2**32  # more is refused by some nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundWorkflow:
    """`inputs` and `pictures` by the manifest's input, `outputs` by its output: the node's id. `labels` of pictures."""

    workflow: Workflow
    labels: Mapping[str, Text]
    inputs: Mapping[str, tuple[Input, NodeInput]]
    pictures: Mapping[str, NodeInput]
    outputs: Mapping[str, str]
    seeds: Sequence[NodeInput]

    def prompt(self, row: Row, *, uploaded: Mapping[str, str], job: UUID, prefix: str) -> Json:
        """`uploaded`: the names that the server gave to the pictures. Raises BadInput."""
        nodes: Json = copy.deepcopy(dict(self.workflow.nodes))
        for name, (field, place) in self.inputs.items():
            nodes[place.node]["inputs"][place.name] = _value(field, row.values.get(name), self.workflow.literal(place))
        for name, place in self.pictures.items():
            nodes[place.node]["inputs"][place.name] = uploaded[name]
        for place in self.seeds:
            nodes[place.node]["inputs"][place.name] = seed_of(job, place)
        for node_id in self.outputs.values():
            nodes[node_id]["inputs"][PREFIX] = prefix
        return nodes

    def steps(self, row: Row) -> int:
        """That all samplers will make, as far as the workflow and the answers say."""
        filled = {(place.node, place.name): (field, place) for field, place in self.inputs.values()}
        told = []
        for node_id, node in self.workflow.nodes.items():
            steps = node["inputs"].get(STEPS)
            if (bound := filled.get((node_id, STEPS))) is not None:
                steps = _value(bound[0], row.values.get(bound[0].name), steps)
            told.append(steps if isinstance(steps, int) and not isinstance(steps, bool) else 0)
        return sum(told)

    def field_at(self, node_id: str, name: str) -> Input | None:
        """The customer's input that is written there."""
        return next(
            (field for field, place in self.inputs.values() if (place.node, place.name) == (node_id, name)), None
        )


def seed_of(job: UUID, place: NodeInput) -> int:
    """The same for the same job, so that a second try of it goes on from what the server has cached."""
    digest = hashlib.sha256(f"{job}/{place.node}/{place.name}".encode()).digest()
    return int.from_bytes(digest[:8]) % _SEED_LIMIT


def bind(manifest: Manifest, seeds: Sequence[NodeBinding] | None, workflow: Workflow) -> BoundWorkflow:
    """Raises WorkflowUnfit for the first binding that finds nothing."""
    inputs: dict[str, tuple[Input, NodeInput]] = {}
    pictures: dict[str, NodeInput] = {}
    for field in manifest.inputs:
        if field.node is None:
            continue
        with _named(f"inputs.{field.name}.node"):
            if isinstance(field, SeriesInput | TableInput):
                raise WorkflowUnfit("a node takes no series", "Ask for a number, a text, a choice or a picture")
            if isinstance(field, ImagesInput):
                raise WorkflowUnfit("a node takes one picture", "Write an input of type image for each node")
            place = workflow.input(field.node)
        if isinstance(field, ImageInput):
            pictures[field.name] = place
        else:
            inputs[field.name] = (field, place)
    taken = [*pictures.values(), *(place for _, place in inputs.values())]
    with _named("runtime.seed"):
        drawn = [each for each in workflow.seeds() if each not in taken] if seeds is None else _seeds(workflow, seeds)
    with _named("inputs"):
        _check_once(workflow, [*taken, *drawn])
    outputs = {output.name: _saving(workflow, output) for output in manifest.outputs}
    labels = {name: manifest.input(name).label for name in pictures}
    return BoundWorkflow(
        workflow=workflow, labels=labels, inputs=inputs, pictures=pictures, outputs=outputs, seeds=drawn
    )


@contextmanager
def _named(key: str) -> Iterator[None]:
    """What is raised names this key of the manifest."""
    try:
        yield
    except WorkflowUnfit as error:
        raise WorkflowUnfit(error.problem, error.fix, key) from None


def _check_once(workflow: Workflow, places: Sequence[NodeInput]) -> None:
    for place in places:
        if places.count(place) > 1:
            problem = f'"{place.name}" of {workflow.named(place.node)} is filled in twice'
            raise WorkflowUnfit(problem, "Keep one of the two")


def _seeds(workflow: Workflow, bindings: Sequence[NodeBinding]) -> list[NodeInput]:
    found = []
    for binding in bindings:
        given = workflow.nodes[workflow.find(binding)]["inputs"]
        found.append(workflow.input(binding, next((name for name in SEEDS if name in given), SEEDS[0])))
    return found


def _saving(workflow: Workflow, output: Output) -> str:
    """A node whose files bear a prefix: by that a job's own are told from others'."""
    with _named(f"outputs.{output.name}.node"):
        if output.type != "image":
            raise WorkflowUnfit(f"a workflow gives pictures, no {output.type}", 'Write type = "image"')
        assert output.node is not None  # what binds nodes was checked
        node_id = workflow.find(output.node)
        if PREFIX not in workflow.nodes[node_id]["inputs"]:
            problem = f"{output.node} ({workflow.kind(node_id)}) keeps no files under a prefix"
            raise WorkflowUnfit(problem, "Name a Save Image node")
        return node_id


def _value(field: Input, value: Value | None, literal: Any) -> Any:  # Any: JSON
    """As the node wants it: a whole number where the workflow has one."""
    try:
        checked = check_value(field, value)
    except InvalidValue:
        raise BadInput(name=field.label) from None
    if isinstance(field, ChoiceInput) and isinstance(literal, int | float) and not isinstance(literal, bool):
        checked = field.number_of(str(checked))
    if isinstance(checked, float) and checked.is_integer() and isinstance(literal, int):
        return int(checked)
    return checked
