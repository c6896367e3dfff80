"""What a workflow needs of a server: classes of nodes, and files and choices that they know."""

import asyncio
from typing import Any, Final

from services.inference.errors import ModelBroken
from services.inference.runtimes.comfyui.client import ComfyUIClient
from services.inference.runtimes.comfyui.graph import BoundWorkflow
from services.inference.runtimes.comfyui.workflow import Json, NodeInput
from services.manifests.manifest import ChoiceInput

AT_ONCE: Final = 8


async def check_nodes(client: ComfyUIClient, bound: BoundWorkflow) -> None:
    """Raises ModelBroken for what is not installed there, ServerAway."""
    kinds = sorted({bound.workflow.kind(node_id) for node_id in bound.workflow.nodes})
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(kind: str) -> Json | None:
        async with places:
            return await client.node_info(kind)

    known = dict(zip(kinds, await asyncio.gather(*map(ask, kinds)), strict=True))
    if missing := [kind for kind, info in known.items() if info is None]:
        named = ", ".join(f'"{kind}"' for kind in missing)
        one = len(missing) == 1
        problem = f"the server does not have the node {named}" if one else f"the server does not have the nodes {named}"
        raise ModelBroken(problem=problem, fix="Install what the workflow uses, or change the workflow")
    for node_id, node in bound.workflow.nodes.items():
        info = known[bound.workflow.kind(node_id)]
        for name, value in node["inputs"].items():
            _check_choice(bound, NodeInput(node=node_id, name=name), value, _choices(info, name))


def _check_choice(bound: BoundWorkflow, place: NodeInput, value: Any, choices: list[Any] | None) -> None:  # Any: JSON
    if choices is None or isinstance(value, list) or place in bound.pictures.values():
        return
    field = bound.field_at(place.node, place.name)
    wanted = [option.value for option in field.options] if isinstance(field, ChoiceInput) else [value]
    unknown = [each for each in wanted if each not in choices]
    if (field is not None and not isinstance(field, ChoiceInput)) or not unknown:
        return
    problem = f'{bound.workflow.named(place.node)}: "{place.name}" is "{unknown[0]}", which the server does not have'
    raise ModelBroken(problem=problem, fix="Put that file there, or choose another in the workflow")


def _choices(info: Json | None, name: str) -> list[Any] | None:  # Any: JSON
    """What the input may be; None where it is no choice, or of pictures that are uploaded."""
    given = info.get("input") if info else None
    groups = [group for group in given.values() if isinstance(group, dict)] if isinstance(given, dict) else []
    config = next((group[name] for group in groups if name in group), None)
    match config:
        case [_, {**options}] if any(str(key).endswith("_upload") for key in options):
            return None
        case [list(choices), *_]:
            return choices
        case ["COMBO", {"options": list(choices)}]:
            return choices
    return None
