"""The world's exchange: what its next calls meet."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneWorld
from sandbox.exchange.server import CALLS, Exchange, ExchangeFault, ExchangeFaultKind, Exchanges
from sandbox.inference.wire import JsonObject

router = APIRouter(prefix="/sandbox/api/{bot}/exchange")


class NewExchangeFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ExchangeFaultKind
    on: str = "*"
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)


async def get_world_exchange(world: OneWorld, request: Request) -> Exchange:
    exchanges = request.app.state.exchanges
    assert isinstance(exchanges, Exchanges)
    return exchanges.of(world.bot_id)


WorldExchange = Annotated[Exchange, Depends(get_world_exchange)]


@router.get("")
async def exchange_view(exchange: WorldExchange, world: OneWorld) -> JsonObject:
    return exchange.view() | {"url": f"/exchange/{world.bot_id}/iss", "csv": f"/exchange/{world.bot_id}/csv"}


@router.post("/faults", status_code=201)
async def exchange_fault_new(body: NewExchangeFault, exchange: WorldExchange) -> JsonObject:
    if body.on not in ("*", *CALLS):
        raise HTTPException(400, f"on is one of *, {', '.join(CALLS)}")
    exchange.faults.add(ExchangeFault(**body.model_dump()))
    return exchange.view()


@router.delete("/faults")
async def exchange_faults_clear(exchange: WorldExchange) -> JsonObject:
    """Also ends what is slow or endless."""
    exchange.faults.clear()
    exchange.closing.notify()
    return {}


@router.get("/log")
async def exchange_log(exchange: WorldExchange) -> list[JsonObject]:
    return list(exchange.calls)
