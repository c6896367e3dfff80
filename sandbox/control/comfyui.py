"""The world's ComfyUI: its switches, its faults, what becomes of it as a whole."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox.comfyui.calls import NAMES
from sandbox.comfyui.catalogue import catalogue
from sandbox.comfyui.faults import RUN_FAULTS, ComfyUIFault, FaultKind
from sandbox.comfyui.server import ComfyUI
from sandbox.comfyui.wire import JsonObject
from sandbox.control.deps import OneComfyUI

router = APIRouter(prefix="/sandbox/api/{bot}/comfyui")


class SwitchesChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal["0.30.0", "0.3.64"] | None = None
    pace: float | None = Field(default=None, ge=0, le=60)
    authorization: str | None = None
    missing_nodes: tuple[str, ...] | None = None
    models: dict[str, list[str]] | None = None
    own_ids: bool | None = None
    held: bool | None = None


class NewComfyUIFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: str = "*"
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)


def view(server: ComfyUI) -> JsonObject:
    running = server.jobs.running
    return asdict(server.switches) | {
        "dead": server.dead,
        "running": None if running is None else running.id,
        "pending": [job.id for job in sorted(server.jobs.heap)],
        "ended": {job.id: job.messages[-1][0] for job in server.jobs.history.values()},
        "files": server.folders.output.names(),
        "uploads": server.folders.input.names(),
        "nodes": sorted(catalogue(server.folders, server.switches.models)),
    }


@router.get("")
async def comfyui_one(server: OneComfyUI) -> JsonObject:
    return view(server)


@router.patch("")
async def comfyui_change(body: SwitchesChange, server: OneComfyUI) -> JsonObject:
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}  # Any: fields of Switches
    for name, value in changes.items():
        if value is not None or name == "authorization":
            setattr(server.switches, name, value)
    server.changed()
    return view(server)


@router.post("/restart")
async def comfyui_restart(server: OneComfyUI) -> JsonObject:
    """As after SIGKILL: all is lost but the files."""
    await server.restart()
    return view(server)


@router.post("/kill-worker")
async def comfyui_kill_worker(server: OneComfyUI) -> JsonObject:
    """Until a restart nothing runs any more, and nothing but time tells."""
    server.kill_worker()
    return view(server)


@router.post("/silence")
async def comfyui_silence(server: OneComfyUI) -> JsonObject:
    """Other sockets take over the ids of those that are open."""
    return {"silenced": server.sockets.silence()}


@router.delete("/files")
async def comfyui_no_files(server: OneComfyUI) -> JsonObject:
    """Somebody tidied the folder of results up."""
    server.folders.output.files.clear()
    return view(server)


@router.get("/faults")
async def comfyui_faults(server: OneComfyUI) -> list[JsonObject]:
    return [asdict(fault) for fault in server.faults.armed()]


@router.post("/faults", status_code=201)
async def comfyui_fault_new(body: NewComfyUIFault, server: OneComfyUI) -> JsonObject:
    names = server.nodes() if body.kind in RUN_FAULTS else NAMES
    if body.on not in ("*", *names):
        raise HTTPException(400, f"on is one of *, {', '.join(names)}")
    server.faults.add(ComfyUIFault(**body.model_dump()))
    return body.model_dump()


@router.delete("/faults")
async def comfyui_faults_clear(server: OneComfyUI) -> JsonObject:
    server.faults.clear()
    return {}


@router.get("/log")
async def comfyui_log(server: OneComfyUI, call: str | None = None, after: int = 0) -> list[JsonObject]:
    return server.calls.find(call=call, after=after)
