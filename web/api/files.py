"""`/files`: pictures and sounds for models that look at one, or listen."""

import asyncio
from collections.abc import AsyncIterable
from typing import Annotated, BinaryIO, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from services.files.files import media_type_of
from services.files.store import StoreAway
from services.manifests.inputs import MAX_SAMPLES, MAX_SECONDS
from services.manifests.preparation import MAX_BYTES, Prepare
from services.values.errors import FileTooLarge, InvalidValue
from services.values.intake import IntakeBusy
from web.api.callers import MayPredict, MayRead
from web.api.describing import MULTIPART, file_body, refuses
from web.api.errors import FileNotFound, NoFile
from web.api.pictures import PICTURE, picture_response
from web.api.routes import ApiRoute, BodyCutOff, BodyTooLarge, NotSupported

OVERHEAD: Final = 10_000  # bytes of a multipart body beside the file
ANY_MODEL: Final = Prepare(size=("free", "free"))
USUAL_RATE: Final = 16_000
Rate = Annotated[int, Query(ge=1_000, le=192_000, description="Of a sound: samples a second.")]
TAKEN: Final = ("image/jpeg", "image/png", "image/webp", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/wav")
PIECE: Final = 256 * 1024


class UploadRoute(ApiRoute):
    """Its endpoint reads the body itself, piece by piece. An `Idempotency-Key` has no effect: a picture sent twice is
    kept twice, and costs nothing."""

    reads_body = False


router = APIRouter(tags=["files"], route_class=UploadRoute)


class File(BaseModel):
    """A picture or a sound that is kept."""

    id: UUID
    url: str
    media_type: str = Field(examples=["image/jpeg"])
    size: int = Field(description="In bytes, of what is kept: a small upright picture, or WAV.")


BODY: Final = file_body(TAKEN)


@router.post(
    "/files",
    operation_id="uploadFile",
    summary="Upload a picture or a sound",
    status_code=201,
    openapi_extra=BODY,
    responses=refuses(
        BodyCutOff, BodyTooLarge, FileTooLarge, NotSupported, NoFile, InvalidValue, IntakeBusy, StoreAway
    ),
)
async def upload_file(who: MayPredict, request: Request, rate: Rate = USUAL_RATE) -> File:
    """JPEG, PNG or WebP, what phones take and record; as the body itself or in the field `file` of a form, of its own
    kind `image/…` or `audio/…`. It is looked at and kept as long as pictures are in this shop; its id goes into a
    prediction's `input`. A sound is kept at the `rate` that its model asks for (`x-rate` of its schema)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART and not kind.startswith(("image/", "audio/")):
        raise NotSupported(wanted=f"image/*, audio/*, {MULTIPART}")
    services = who.site.services
    async with services.intake.upload(who.user.id) as received:
        if kind == MULTIPART:
            kind = await _from_form(_limited(request, MAX_BYTES + OVERHEAD), received.file)
        else:
            await _copy(_limited(request, MAX_BYTES).stream(), received.file)
        sounds = kind.startswith("audio/")
        content = await (received.sound_at(rate, most=_most(rate)) if sounds else received.picture(ANY_MODEL))
    media_type = media_type_of(content)
    file_id = await services.files.put(who.user.id, content, media_type)
    url = f"{who.site.public_url or ''}/api/v1/files/{file_id}"
    return File(id=file_id, url=url, media_type=media_type, size=len(content))


@router.get(
    "/files/{file_id}",
    operation_id="getFile",
    summary="A picture or a sound of yours",
    response_class=Response,
    responses=PICTURE | refuses(FileNotFound, StoreAway),
)
async def get_file(who: MayRead, file_id: UUID) -> Response:
    content = await who.site.services.files.get(file_id, user_id=who.user.id)
    if content is None:
        raise FileNotFound(file_id=file_id)
    return picture_response(content, name=file_id.hex[:8])


def _limited(request: Request, most: int) -> Request:
    """The same; to read more of its body raises `BodyTooLarge`."""
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most:
        raise BodyTooLarge()
    left = most

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BodyTooLarge()
        return message

    return Request(request.scope, receive)


def _most(rate: int) -> float:
    return min(MAX_SECONDS, MAX_SAMPLES / rate)


async def _from_form(request: Request, into: BinaryIO) -> str:
    """Returns of what kind it says it is."""
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise NoFile()
            await _copy(_pieces(sent), into)
            return (sent.content_type or "").lower()
    except (MultiPartException, HTTPException) as error:
        raise NoFile() from error
    except ClientDisconnect as error:
        raise BodyCutOff() from error


async def _pieces(sent: UploadFile) -> AsyncIterable[bytes]:
    while piece := await sent.read(PIECE):
        yield piece


async def _copy(pieces: AsyncIterable[bytes], into: BinaryIO) -> None:
    left = MAX_BYTES
    try:
        async for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
            await asyncio.to_thread(into.write, piece)
    except ClientDisconnect as error:
        raise BodyCutOff() from error
