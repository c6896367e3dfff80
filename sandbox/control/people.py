"""People and what they do."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OnePerson, OneWorld
from sandbox.telegram import acts
from sandbox.telegram.acts import Impossible, UploadKind
from sandbox.telegram.chat import StoredMessage
from sandbox.telegram.errors import BotApiError
from sandbox.telegram.files import MAX_UPLOAD_BYTES, Upload
from sandbox.telegram.made_up import MadeUpKind
from sandbox.telegram.people import Role
from sandbox.telegram.wire import JsonObject

router = APIRouter(prefix="/sandbox/api/{bot}/people")


class NewPerson(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int | None = Field(default=None, gt=0)
    first_name: str = Field(min_length=1, max_length=64)
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    role: Role = "customer"


class Renaming(BaseModel):
    first_name: str | None = Field(default=None, min_length=1, max_length=64)
    language_code: str | None = None
    username: str | None = None


class Text(BaseModel):
    text: str
    reply_to: int | None = None
    topic: int | None = Field(default=None, gt=0)


class Sending(BaseModel):
    kind: MadeUpKind


class Press(BaseModel):
    message_id: int
    data: str


class StoppedDraft(BaseModel):
    draft_id: int


class Edit(BaseModel):
    message_id: int
    text: str


def _shown(message: StoredMessage) -> JsonObject:
    return message.shown


@router.get("")
async def people_list(world: OneWorld) -> list[JsonObject]:
    return [person.view() for person in world.people.values()]


@router.post("", status_code=201)
async def person_new(body: NewPerson, world: OneWorld) -> JsonObject:
    if body.id is not None and body.id in world.people:
        raise HTTPException(409, f"there is a person {body.id} already")
    person = world.add_person(person_id=body.id, **body.model_dump(exclude={"id"}))
    return person.view()


@router.get("/{person_id}")
async def person_one(person: OnePerson) -> JsonObject:
    return person.view()


@router.patch("/{person_id}")
async def person_change(body: Renaming, person: OnePerson) -> JsonObject:
    for name in body.model_fields_set:
        value = getattr(body, name)
        if name == "first_name" and value is None:
            continue
        setattr(person, name, value)
    return person.view()


@router.post("/{person_id}/text")
async def text(body: Text, world: OneWorld, person: OnePerson) -> JsonObject:
    try:
        return _shown(acts.says(world, person, body.text, reply_to=body.reply_to, topic=body.topic))
    except Impossible as error:
        raise HTTPException(400, str(error)) from error


@router.delete("/{person_id}/topics/{topic}", status_code=204)
async def topic_delete(topic: int, person: OnePerson) -> None:
    person.topics.discard(topic)


@router.post("/{person_id}/upload")
async def upload(
    world: OneWorld,
    person: OnePerson,
    *,
    file: UploadFile,
    kind: Annotated[UploadKind, Form(alias="as")],
    caption: Annotated[str | None, Form()] = None,
    album: Annotated[str | None, Form()] = None,
) -> JsonObject:
    data = await file.read(MAX_UPLOAD_BYTES + 1)
    given = Upload(data=data, name=file.filename, mime_type=file.content_type)
    try:
        return _shown(await acts.uploads(world, person, given, kind=kind, caption=caption, album=album))
    except Impossible as error:
        raise HTTPException(400, str(error)) from error
    except BotApiError as error:
        raise HTTPException(413 if error.code == 413 else 400, error.description) from error


@router.post("/{person_id}/send")
async def send(body: Sending, world: OneWorld, person: OnePerson) -> JsonObject:
    return _shown(acts.sends(world, person, body.kind))


@router.post("/{person_id}/press")
async def press(body: Press, world: OneWorld, person: OnePerson) -> JsonObject:
    event = person.chat.events.last_id
    callback = acts.presses(world, person, body.message_id, body.data)
    return {"callback_query_id": callback.id, "event": event}


@router.get("/{person_id}/drafts")
async def drafts(person: OnePerson) -> list[JsonObject]:
    """Those that the chat shows now."""
    return [draft for number in person.chat.drafts if (draft := person.chat.open_draft(number)) is not None]


@router.post("/{person_id}/stop-draft")
async def stop_draft(body: StoppedDraft, world: OneWorld, person: OnePerson) -> JsonObject:
    try:
        acts.stops(world, person, body.draft_id)
    except Impossible as error:
        raise HTTPException(400, str(error)) from error
    return {}


@router.post("/{person_id}/edit")
async def edit(body: Edit, world: OneWorld, person: OnePerson) -> JsonObject:
    try:
        return _shown(acts.edits(world, person, body.message_id, body.text))
    except Impossible as error:
        raise HTTPException(400, str(error)) from error


@router.post("/{person_id}/block")
async def block(world: OneWorld, person: OnePerson) -> JsonObject:
    acts.blocks(world, person, blocked=True)
    return person.view()


@router.post("/{person_id}/unblock")
async def unblock(world: OneWorld, person: OnePerson) -> JsonObject:
    acts.blocks(world, person, blocked=False)
    return person.view()


@router.post("/{person_id}/read")
async def read(person: OnePerson) -> JsonObject:
    person.chat.unread = 0
    return {}
