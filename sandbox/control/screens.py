"""What people see: their chat, its events as they come, the answers to their presses, files."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from sandbox.clock import Clock
from sandbox.control.deps import OneClock, OnePerson, OneWorld
from sandbox.telegram.events import EventStream
from sandbox.telegram.wire import JsonObject, to_json

router = APIRouter(prefix="/sandbox/api/{bot}")

KEEP_ALIVE_SECONDS = 15.0
MAX_WAIT_SECONDS = 60.0
SHOWN_AS_THEY_ARE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "audio/ogg", "video/mp4"})

Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)]


class Look(BaseModel):
    """What part of the chat is wanted, and whether to wait for something newer than an event first."""

    limit: int = Field(default=200, ge=1, le=1000)
    since: int = 0
    newer_than: int | None = None
    wait: float = Field(default=0.0, ge=0, le=MAX_WAIT_SECONDS)


@router.get("/people/{person_id}/chat")
async def chat(world: OneWorld, person: OnePerson, clock: OneClock, look: Annotated[Look, Query()]) -> Response:
    screen = person.chat
    events = screen.events
    if look.newer_than is not None and look.wait and events.last_id <= look.newer_than and not events.closed:
        await events.changed.wait(clock, look.wait)
    body: JsonObject = {
        "messages": screen.view(limit=look.limit, since=look.since),
        "commands": world.profile.commands_for(person.id, person.language_code),
        "menu_button": world.profile.menu_button_for(person.id),
        "typing": screen.typing,
        "reply_keyboard": screen.reply_keyboard,
        "unread": screen.unread,
        "event": events.last_id,
    }
    return Response(to_json(body), media_type="application/json")


@router.get("/callbacks/{callback_query_id}")
async def callback(callback_query_id: str, world: OneWorld, clock: OneClock, wait: Wait = 0.0) -> JsonObject:
    found = world.callbacks.get(callback_query_id)
    if found is None:
        raise HTTPException(404, f"there is no callback query {callback_query_id}")
    deadline = clock.now() + wait
    while found.answer is None and (left := deadline - clock.now()) > 0:
        if not await world.callbacks.answered.wait(clock, left):
            break
    return found.state()


@router.get("/people/{person_id}/events")
async def events(
    person: OnePerson, clock: OneClock, last_event_id: Annotated[int | None, Header()] = None
) -> StreamingResponse:
    stream = person.chat.events
    start = stream.last_id if last_event_id is None else last_event_id
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_follow(stream, clock, start), media_type="text/event-stream", headers=headers)


async def _follow(stream: EventStream, clock: Clock, last_id: int) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    while not stream.closed:
        fresh = stream.after(last_id)
        if fresh:
            last_id = fresh[-1].id
            yield b"".join(event.encode() for event in fresh)
        elif not await stream.changed.wait(clock, KEEP_ALIVE_SECONDS):
            yield b": still here\n\n"


@router.get("/files/{file_id}")
async def file(file_id: str, world: OneWorld) -> Response:
    stored = world.files.get(file_id)
    if stored is None:
        raise HTTPException(404, "there is no such file")
    mime_type = stored.mime_type or "application/octet-stream"
    # Whatever people upload is served from the page's own origin, so it must not run there.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
    if mime_type not in SHOWN_AS_THEY_ARE:
        mime_type, headers["Content-Disposition"] = "application/octet-stream", "attachment"
    return Response(stored.data, media_type=mime_type, headers=headers)
