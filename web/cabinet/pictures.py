"""Pictures and files that pages show."""

from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.files.files import parse_file_id
from services.values.sheets import CSV, XLSX
from services.values.sounds import is_sound
from web.kit.file_names import saved_as
from web.kit.viewer import Me

router = APIRouter()
_KINDS: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_SOUND: Final = "audio/wav"


@router.get("/files/{file_id}")
async def show_file(me: Me, file_id: str) -> Response:
    """A customer's own."""
    known = parse_file_id(file_id)
    content = None if known is None else await me.site.services.files.get(known, user_id=me.user.id)
    if content is None:
        raise HTTPException(404)
    return private_picture(content, name="file")


def public_picture(content: bytes) -> Response:
    """Anybody's to see."""
    return _picture(content, cache="public, max-age=3600")


def private_picture(content: bytes, *, name: str = "", saved: bool = False) -> Response:
    """One customer's; as a file where it is to be `saved`, or is no picture."""
    response = _picture(content, cache="private, max-age=600")
    if saved or response.media_type not in (*_KINDS.values(), _SOUND):
        suffix = (response.media_type or "").rpartition("/")[2].replace("jpeg", "jpg").replace("octet-stream", "bin")
        response.headers["content-disposition"] = f'attachment; filename="{name}.{suffix}"'
    return response


def attachment(content: bytes, *, name: str, media_type: str) -> Response:
    """Never shown by the browser itself."""
    headers = {"content-disposition": saved_as(name), "cache-control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def table_file(content: bytes, *, name: str) -> Response:
    """A CSV file or a workbook, by its name."""
    return attachment(content, name=name, media_type=CSV if name.endswith(".csv") else XLSX)


def _picture(content: bytes, *, cache: str) -> Response:
    kind = next((kind for head, kind in _KINDS.items() if content.startswith(head)), "application/octet-stream")
    kind = _SOUND if is_sound(content) else kind
    return Response(content, media_type=kind, headers={"cache-control": cache})
