"""The world's mailbox: letters as they were taken, and what the next ones meet."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneClock, OneWorld
from sandbox.mail.faults import MailFault, MailFaultKind
from sandbox.mail.letters import JsonObject, Letter
from sandbox.mail.mailbox import Mailbox, Mailboxes

router = APIRouter(prefix="/sandbox/api/{bot}/mail")

MAX_WAIT_SECONDS = 60.0
# Whatever came by mail is shown, but it neither runs nor fetches anything, and its links lead out of the frame.
SHOWN = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


class NewMailFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: MailFaultKind
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)
    to: str | None = None


class Wanted(BaseModel):
    to: str | None = None
    after: int = 0
    limit: int = Field(default=100, ge=1, le=500)
    wait: float = Field(default=0.0, ge=0, le=MAX_WAIT_SECONDS)


async def get_mailbox(world: OneWorld, request: Request) -> Mailbox:
    boxes = request.app.state.mailboxes
    assert isinstance(boxes, Mailboxes)
    return boxes.of(world.bot_id)


OneMailbox = Annotated[Mailbox, Depends(get_mailbox)]


async def get_letter(n: int, box: OneMailbox) -> Letter:
    letter = box.get(n)
    if letter is None:
        raise HTTPException(404, f"there is no letter {n}")
    return letter


OneLetter = Annotated[Letter, Depends(get_letter)]


@router.get("")
async def mail(box: OneMailbox, world: OneWorld, request: Request) -> JsonObject:
    armed = [{"kind": each.kind, "times": each.times, "to": each.to} for each in box.faults.armed()]
    url = f"smtp://{world.bot_id}:sandbox@{request.app.state.mail_address}"
    return {"url": url, "letters": len(box.letters), "last": box.last_n, "faults": armed}


@router.get("/letters")
async def letters(box: OneMailbox, clock: OneClock, wanted: Annotated[Wanted, Query()]) -> list[JsonObject]:
    """Newest first. With `wait`: as soon as there is one, or after so many seconds."""
    deadline = clock.now() + wanted.wait
    while not (found := box.newest(after=wanted.after, to=wanted.to)) and (left := deadline - clock.now()) > 0:
        if not await box.arrived.wait(clock, left):
            break
    return [each.view() for each in found[: wanted.limit]]


@router.delete("/letters")
async def letters_clear(box: OneMailbox) -> JsonObject:
    box.clear()
    return {}


@router.get("/letters/{n}")
async def letter_one(letter: OneLetter) -> JsonObject:
    return letter.view()


@router.get("/letters/{n}/html")
async def letter_html(letter: OneLetter) -> Response:
    headers = {"Content-Security-Policy": SHOWN, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return Response(letter.page(), media_type="text/html; charset=utf-8", headers=headers)


@router.get("/letters/{n}/raw")
async def letter_raw(letter: OneLetter) -> Response:
    return Response(letter.raw, media_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


@router.post("/faults", status_code=201)
async def mail_fault_new(body: NewMailFault, box: OneMailbox) -> JsonObject:
    on = "*" if body.to is None else body.to.lower()
    box.faults.add(MailFault(on=on, **body.model_dump()))
    return body.model_dump()


@router.delete("/faults")
async def mail_faults_clear(box: OneMailbox) -> JsonObject:
    box.faults.clear()
    return {}
