"""The sandbox's time, which only moves forward. A shop under test has a clock of its own and may ask for this one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.clock import Clock
from sandbox.control.deps import OneClock, OneWorld
from sandbox.telegram.wire import JsonObject

router = APIRouter(prefix="/sandbox/api")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOON = 12
"""UTC: the day is the same in nearly every time zone, and morning schedules have struck."""
MAX_WAIT_SECONDS = 60.0


class Advance(BaseModel):
    advance: float = Field(ge=0)


class Move(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance: float | None = Field(default=None, ge=0)
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> Self:
        if (self.advance is None) == (self.weekday is None):
            raise ValueError("either advance or weekday is wanted")
        return self


@router.post("/clock")
async def clock_advance(body: Advance, clock: OneClock) -> JsonObject:
    clock.advance(body.advance)
    return view(clock)


@router.get("/{bot}/clock")
async def clock_now(
    world: OneWorld,
    clock: OneClock,
    known: float | None = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0.0,
) -> JsonObject:
    """At once, or, to those who know this offset already, as soon as there is another one."""
    if known == clock.offset:
        await clock.moved.wait(clock, wait)
    return view(clock)


@router.post("/{bot}/clock")
async def clock_move(body: Move, world: OneWorld, clock: OneClock) -> JsonObject:
    clock.advance(seconds_until(body.weekday, clock.now()) if body.weekday else body.advance or 0.0)
    return view(clock)


def seconds_until(weekday: str, now: float) -> float:
    """To the noon of the next such day, UTC. Today is none: what a Monday brings may have come this morning."""
    today = datetime.fromtimestamp(now, UTC)
    days = (WEEKDAYS.index(weekday) - today.weekday()) % 7 or 7
    noon = today.replace(hour=NOON, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return (noon - today).total_seconds()


def view(clock: Clock) -> JsonObject:
    now = clock.now()
    day = datetime.fromtimestamp(now, UTC)
    return {"now": now, "offset": clock.offset, "iso": day.isoformat(), "weekday": WEEKDAYS[day.weekday()]}
