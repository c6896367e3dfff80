"""What the server says of a job's end, and of a prompt that it does not take, as results and errors of ours.

Its own words hold paths of the server and belong into the log alone.
"""

from typing import Any, Final
from uuid import UUID

import structlog

from services.errors import ShopError
from services.inference.errors import BadInput, BadOutput, ModelBroken, RunFailed
from services.inference.runtimes.comfyui.client import PromptRefused
from services.inference.runtimes.comfyui.graph import FOLDER, BoundWorkflow
from services.inference.runtimes.comfyui.workflow import Json

log = structlog.get_logger()

_VALUES: Final = frozenset(
    {"value_not_in_list", "value_bigger_than_max", "value_smaller_than_min", "invalid_input_type"}
)


def succeeded(entry: Json) -> bool:
    status = entry.get("status")
    return isinstance(status, dict) and status.get("status_str") == "success"


def is_of(entry: Json, job: UUID) -> bool:
    """Whether the entry tells of this very job, and not of another one that a confused server or proxy gives."""
    prompt = entry.get("prompt")
    return not isinstance(prompt, list) or len(prompt) < 2 or prompt[1] == str(job)


def failure(entry: Json, bound: BoundWorkflow) -> ShopError:
    """Why a job that ended has no result."""
    kind, data = _last_word(entry)
    if kind == "execution_interrupted":
        return RunFailed(problem="somebody stopped it at the server", retryable=True)
    node_id, name = str(data.get("node_id")), str(data.get("exception_type", "an unknown error"))
    where = bound.workflow.named(node_id) if node_id in bound.workflow.nodes else "a node"
    log.warning("comfyui_node_failed", node=node_id, error=name, message=str(data.get("exception_message"))[:1000])
    if "OutOfMemory" in name or name == "MemoryError":
        return RunFailed(problem=f"{where} ran out of memory at the server", retryable=True)
    return RunFailed(problem=f"{where} failed at the server ({name})")


def _last_word(entry: Json) -> tuple[str, Json]:
    status = entry.get("status")
    messages: Any = status.get("messages") if isinstance(status, dict) else None  # Any: as the server has it
    for message in reversed(messages if isinstance(messages, list) else []):
        match message:
            case ["execution_error" | "execution_interrupted" as kind, dict(data)]:
                return kind, data
    return "", {}


def files_of(entry: Json, bound: BoundWorkflow, job: UUID) -> dict[str, Json]:
    """The first file of each output, by the output's name. Raises BadOutput."""
    outputs = entry.get("outputs")
    found = {}
    for name, node_id in bound.outputs.items():
        given = outputs.get(node_id) if isinstance(outputs, dict) else None
        files = [file for file in _files(given) if _is_own(file, job)]
        if not files:
            raise BadOutput(problem=f"{bound.workflow.named(node_id)} gave no picture of this job")
        found[name] = files[0]
    return found


def _files(given: object) -> list[Json]:
    """All that are kept, under whatever key: `images`, `gifs` …"""
    if not isinstance(given, dict):
        return []
    lists = [each for each in given.values() if isinstance(each, list)]
    files = [each for listed in lists for each in listed if isinstance(each, dict) and "filename" in each]
    return [each for each in files if each.get("type") != "temp"]


def _is_own(file: Json, job: UUID) -> bool:
    return file.get("subfolder") == FOLDER and str(file["filename"]).startswith(job.hex)


def refusal(refused: PromptRefused, bound: BoundWorkflow) -> ShopError:
    """A customer's value, or what an operator must mend."""
    kind = str(refused.error.get("type"))
    if kind in ("missing_node_type", "invalid_prompt"):
        extra = refused.error.get("extra_info")
        named = extra.get("class_type") if isinstance(extra, dict) else None
        problem = f'the node "{named}" is not installed there' if named else _words(refused.error)
        return ModelBroken(problem=problem, fix="Install it, or export the workflow anew")
    for node_id, about in refused.node_errors.items():
        errors = about.get("errors") if isinstance(about, dict) else None
        for error in errors if isinstance(errors, list) else []:
            return _of_node(str(node_id), error, bound)
    return ModelBroken(problem=f"the server refuses the workflow: {_words(refused.error)}", fix="Export it anew")


def _of_node(node_id: str, error: Json, bound: BoundWorkflow) -> ShopError:
    extra = error.get("extra_info")
    name = str(extra.get("input_name")) if isinstance(extra, dict) else ""
    field = bound.field_at(node_id, name)
    if field is not None and error.get("type") in _VALUES:
        log.warning("comfyui_value_refused", input=field.name, details=str(error.get("details"))[:500])
        return BadInput(name=field.label)
    where = bound.workflow.named(node_id) if node_id in bound.workflow.nodes else f"node {node_id}"
    if error.get("type") == "custom_validation_failed" and any(node_id == at.node for at in bound.pictures.values()):
        return RunFailed(problem=f"{where} does not find the picture that was uploaded", retryable=True)
    received = extra.get("received_value") if isinstance(extra, dict) else None
    if error.get("type") == "value_not_in_list":
        problem = f'{where}: "{name}" is "{received}", which the server does not have'
        return ModelBroken(problem=problem, fix="Put that file there, or choose another in the workflow")
    return ModelBroken(problem=f"{where}: {_words(error)}", fix="Correct the workflow and export it anew")


def _words(error: Json) -> str:
    parts = [str(error[key]) for key in ("message", "details") if error.get(key)]
    return " ".join(": ".join(parts).split())[:300] or "no reason is given"


def unneeded(node_errors: Json, bound: BoundWorkflow) -> bool:
    """Whether outputs that are not sold are all that cannot run."""
    sold = set(bound.outputs.values())
    for about in node_errors.values():
        dependent = about.get("dependent_outputs") if isinstance(about, dict) else None
        if not isinstance(dependent, list) or sold & set(map(str, dependent)):
            return False
    return True
