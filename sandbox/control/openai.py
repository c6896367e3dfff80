"""The world's AI provider: its key, dialect and pace, what its next calls meet, what it was asked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneWorld
from sandbox.inference.wire import JsonObject
from sandbox.openai.server import ArmedChatFault, ChatFault, Dialect, OpenAIServer, OpenAIServers

router = APIRouter(prefix="/sandbox/api/{bot}/openai")


class OpenAIChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str | None = None
    dialect: Dialect = "openai"
    pace: float = Field(default=0.0, ge=0, le=60)
    context: int = Field(default=16_384, ge=1)


class NewChatFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ChatFault
    times: int = Field(default=1, ge=0, le=1_000)
    retry_after: float | None = Field(default=None, ge=0)


async def get_openai_server(world: OneWorld, request: Request) -> OpenAIServer:
    servers = request.app.state.openai
    assert isinstance(servers, OpenAIServers)
    return servers.of(world.bot_id)


OneOpenAI = Annotated[OpenAIServer, Depends(get_openai_server)]


@router.get("")
async def openai_view(server: OneOpenAI, world: OneWorld) -> JsonObject:
    return server.view() | {"url": f"/openai/{world.bot_id}/v1"}


@router.patch("")
async def openai_change(body: OpenAIChange, server: OneOpenAI) -> JsonObject:
    """A `key` of null is none."""
    for name in body.model_fields_set:
        setattr(server.settings, name, getattr(body, name))
    return server.view()


@router.post("/faults", status_code=201)
async def openai_fault_new(body: NewChatFault, server: OneOpenAI) -> JsonObject:
    server.arm(ArmedChatFault(kind=body.kind, retry_after=body.retry_after), body.times)
    return server.view()


@router.delete("/faults")
async def openai_faults_clear(server: OneOpenAI) -> JsonObject:
    server.clear_faults()
    return server.view()


@router.get("/log")
async def openai_log(server: OneOpenAI) -> list[JsonObject]:
    return list(server.calls)
