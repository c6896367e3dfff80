"""The world's images server: its key, how it hands pictures out, what its next calls meet."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneWorld
from sandbox.images.server import CALLS, ImagesFault, ImagesFaultKind, ImagesServer, ImagesServers
from sandbox.inference.wire import JsonObject

router = APIRouter(prefix="/sandbox/api/{bot}/images")


class ImagesChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str | None = None
    hands_out: Literal["b64", "url"] | None = None


class NewImagesFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ImagesFaultKind
    on: str = "pictures"
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)


async def get_images_server(world: OneWorld, request: Request) -> ImagesServer:
    servers = request.app.state.images
    assert isinstance(servers, ImagesServers)
    return servers.of(world.bot_id)


OneImages = Annotated[ImagesServer, Depends(get_images_server)]


@router.get("")
async def images_view(server: OneImages, world: OneWorld) -> JsonObject:
    return server.view() | {"url": f"/images/{world.bot_id}/v1"}


@router.patch("")
async def images_change(body: ImagesChange, server: OneImages) -> JsonObject:
    """A `key` of null is none."""
    if "key" in body.model_fields_set:
        server.settings.key = body.key
    server.settings.hands_out = body.hands_out or server.settings.hands_out
    return server.view()


@router.post("/faults", status_code=201)
async def images_fault_new(body: NewImagesFault, server: OneImages) -> JsonObject:
    if body.on not in ("*", *CALLS):
        raise HTTPException(400, f"on is one of *, {', '.join(CALLS)}")
    server.faults.add(ImagesFault(**body.model_dump()))
    return server.view()


@router.delete("/faults")
async def images_faults_clear(server: OneImages) -> JsonObject:
    """Also ends what hangs."""
    server.faults.clear()
    server.closing.notify()
    return {}


@router.get("/log")
async def images_log(server: OneImages) -> list[JsonObject]:
    return list(server.calls)
