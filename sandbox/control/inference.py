"""The world's inference server: how it speaks, which models it has loaded, what its next calls meet."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneWorld
from sandbox.inference.faults import CALLS, ServerFault, ServerFaultKind
from sandbox.inference.server import InferenceServer, InferenceServers
from sandbox.inference.wire import JsonObject

router = APIRouter(prefix="/sandbox/api/{bot}/inference")


class ServerChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dialect: Literal["triton", "mlserver", "kserve", "openvino"] | None = None
    header: str | None = Field(default=None, pattern=r"^$|^[\w-]+: .+$")
    metadata: bool | None = None
    binary_out: bool | None = None
    max_bytes: int | None = Field(default=None, ge=1)
    cuts: bool | None = None


class NewServerFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ServerFaultKind
    on: str = "infer"
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)


async def get_server(world: OneWorld, request: Request) -> InferenceServer:
    servers = request.app.state.inference
    assert isinstance(servers, InferenceServers)
    return servers.of(world.bot_id)


OneServer = Annotated[InferenceServer, Depends(get_server)]


def view(server: InferenceServer, bot: int) -> JsonObject:
    models = [{"name": name, "ready": server.ready(name)} for name in server.models]
    return {**asdict(server.settings), "url": f"/inference/{bot}", "models": models, "calls": len(server.calls)}


@router.get("")
async def server_view(server: OneServer, world: OneWorld) -> JsonObject:
    return view(server, world.bot_id)


@router.patch("")
async def server_change(body: ServerChange, server: OneServer, world: OneWorld) -> JsonObject:
    """A key of null is the dialect's own again; an empty `header` is none."""
    for key in body.model_fields_set:
        value = getattr(body, key)
        if not (value is None and key in {"dialect", "cuts"}):
            setattr(server.settings, key, value or None if key == "header" else value)
    return view(server, world.bot_id)


@router.post("/models/{name}/{act}")
async def server_model(name: str, act: Literal["load", "unload"], server: OneServer, world: OneWorld) -> JsonObject:
    if name not in server.models:
        raise HTTPException(404, f"there is no model {name}")
    (server.unloaded.add if act == "unload" else server.unloaded.discard)(name)
    return view(server, world.bot_id)


@router.get("/faults")
async def server_faults(server: OneServer) -> list[JsonObject]:
    return [asdict(fault) for fault in server.faults.armed()]


@router.post("/faults", status_code=201)
async def server_fault_new(body: NewServerFault, server: OneServer) -> JsonObject:
    if body.on not in ("*", *CALLS):
        raise HTTPException(400, f"on is one of *, {', '.join(CALLS)}")
    server.faults.add(ServerFault(**body.model_dump()))
    return body.model_dump()


@router.delete("/faults")
async def server_faults_clear(server: OneServer) -> JsonObject:
    """Also ends what hangs."""
    server.faults.clear()
    server.closing.notify()
    return {}


@router.get("/log")
async def server_log(server: OneServer, call: str | None = None, after: int = 0) -> list[JsonObject]:
    return [each for each in server.calls if each["n"] > after and call in (None, each["call"])]
