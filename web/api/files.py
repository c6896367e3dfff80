"""`/files`: pictures for models that look at one."""

import asyncio
from collections.abc import AsyncIterable
from typing import BinaryIO, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from services.files.files import media_type_of
from services.files.store import StoreAway
from services.manifests.preparation import MAX_BYTES, Prepare
from services.values.errors import FileTooLarge, InvalidValue
from services.values.intake import IntakeBusy
from web.api.callers import MayPredict, MayRead
from web.api.describing import refuses
from web.api.errors import FileNotFound, NoFile
from web.api.pictures import PICTURE, picture_response
from web.api.routes import ApiRoute, BodyCutOff, BodyTooLarge, NotSupported

MULTIPART: Final = "multipart/form-data"
OVERHEAD: Final = 10_000  # bytes of a multipart body beside the file
ANY_MODEL: Final = Prepare(size=("free", "free"))
PIECE: Final = 256 * 1024


class UploadRoute(ApiRoute):
    """Its endpoint reads the body itself, piece by piece. An `Idempotency-Key` has no effect: a picture sent twice is
    kept twice, and costs nothing."""

    reads_body = False


router = APIRouter(tags=["files"], route_class=UploadRoute)


class File(BaseModel):
    """A picture that is kept."""

    id: UUID
    url: str
    media_type: str = Field(examples=["image/jpeg"])
    size: int = Field(description="In bytes. It was turned upright and reduced to what models look at.")


BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/jpeg", "image/png", "image/webp")
            },
        },
    }
}


@router.post(
    "/files",
    operation_id="uploadFile",
    summary="Upload a picture",
    status_code=201,
    openapi_extra=BODY,
    responses=refuses(
        BodyCutOff, BodyTooLarge, FileTooLarge, NotSupported, NoFile, InvalidValue, IntakeBusy, StoreAway
    ),
)
async def upload_file(who: MayPredict, request: Request) -> File:
    """JPEG, PNG or WebP, and what phones take; as the body itself or in the field `file` of a form. It is looked at and
    kept as long as pictures are in this shop; its id goes into a prediction's `input`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART and not kind.startswith("image/"):
        raise NotSupported(wanted=f"image/*, {MULTIPART}")
    services = who.site.services
    async with services.intake.upload(who.user.id) as received:
        if kind == MULTIPART:
            await _from_form(_limited(request, MAX_BYTES + OVERHEAD), received.file)
        else:
            await _copy(_limited(request, MAX_BYTES).stream(), received.file)
        picture = await received.picture(ANY_MODEL)
    media_type = media_type_of(picture)
    file_id = await services.files.put(who.user.id, picture, media_type)
    url = f"{who.site.public_url or ''}/api/v1/files/{file_id}"
    return File(id=file_id, url=url, media_type=media_type, size=len(picture))


@router.get(
    "/files/{file_id}",
    operation_id="getFile",
    summary="A picture of yours",
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


async def _from_form(request: Request, into: BinaryIO) -> None:
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise NoFile()
            await _copy(_pieces(sent), into)
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
