"""Worlds, and what tests do to a world as a whole: updates, faults, the log."""

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import AllServers, AllShops, AllWorlds, OneWorld
from sandbox.telegram.faults import Fault, FaultKind
from sandbox.telegram.wire import JsonObject

router = APIRouter(prefix="/sandbox/api")


class NewWorld(BaseModel):
    token: str
    username: str | None = None
    first_name: str | None = None


class NewFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str
    kind: FaultKind
    times: int = Field(default=1, ge=0)
    retry_after: int = Field(default=1, ge=1)
    chat_id: int | None = None
    seconds: float = Field(default=1.0, ge=0)
    description: str | None = None


class RateLimits(BaseModel):
    enabled: bool


@router.get("/worlds")
async def worlds_list(request: Request, worlds: AllWorlds) -> list[JsonObject]:
    default = request.app.state.settings.token
    return [world.view(default=world.token == default) for world in worlds]


@router.post("/worlds", status_code=201)
async def world_new(
    body: NewWorld, request: Request, worlds: AllWorlds, shops: AllShops, servers: AllServers
) -> JsonObject:
    try:
        world = worlds.add(token=body.token, username=body.username, first_name=body.first_name)
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    shops.add(world.bot_id, name=world.profile.first_name)
    request.app.state.sites.add(world.bot_id, name=world.profile.first_name)
    servers.add(world.bot_id)
    request.app.state.mailboxes.of(world.bot_id)
    request.app.state.deliveries.start(world)
    return world.view(default=world.token == request.app.state.settings.token)


@router.delete("/{bot}")
async def world_gone(
    request: Request, world: OneWorld, worlds: AllWorlds, shops: AllShops, servers: AllServers
) -> JsonObject:
    request.app.state.deliveries.stop(world)
    request.app.state.inference.remove(world.bot_id)
    request.app.state.mailboxes.remove(world.bot_id)
    worlds.remove(world)
    shops.remove(world.bot_id)
    request.app.state.sites.remove(world.bot_id)
    servers.remove(world.bot_id)
    return {}


@router.post("/{bot}/updates")
async def update_forged(body: JsonObject, world: OneWorld) -> JsonObject:
    if not body or "update_id" in body:
        raise HTTPException(400, "an update without update_id is wanted")
    return {"update_id": world.updates.push(body)["update_id"]}


@router.post("/{bot}/updates/{update_id}/repeat")
async def update_repeat(update_id: int, world: OneWorld) -> JsonObject:
    update = world.updates.repeat(update_id)
    if update is None:
        raise HTTPException(404, f"there is no update {update_id}")
    return update


@router.get("/{bot}/updates/last")
async def update_last(world: OneWorld) -> JsonObject:
    update = world.updates.last
    if update is None:
        raise HTTPException(404, "there were no updates")
    return update


@router.post("/{bot}/faults", status_code=201)
async def fault_new(body: NewFault, world: OneWorld) -> JsonObject:
    world.faults.add(Fault(**body.model_dump()))
    return body.model_dump(exclude_none=True)


@router.delete("/{bot}/faults")
async def faults_clear(world: OneWorld) -> JsonObject:
    world.faults.clear()
    return {}


@router.post("/{bot}/limits")
async def limits(body: RateLimits, world: OneWorld) -> JsonObject:
    world.rate_limit.enabled = body.enabled
    return body.model_dump()


@router.get("/{bot}/log")
async def log(world: OneWorld, method: str | None = None, after: int = 0) -> list[JsonObject]:
    return world.calls.find(method=method, after=after)
