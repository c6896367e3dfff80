"""Pictures in answers of the API."""

from typing import Final

from starlette.responses import Response

from services.values.sounds import is_sound
from web.api.describing import Responses

_HEADS: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
PICTURE: Final[Responses] = {
    200: {
        "description": "The picture",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/webp", "audio/wav", "application/octet-stream")
        },
    }
}


def picture_response(content: bytes, *, name: str) -> Response:
    """What is no picture that every browser shows safely is only ever saved. `name` is ASCII."""
    kind = next((kind for head, kind in _HEADS.items() if content.startswith(head)), None)
    kind = "audio/wav" if is_sound(content) else kind
    headers = {"cache-control": "private, max-age=600"}
    if kind is None:
        headers["content-disposition"] = f'attachment; filename="{name}.bin"'
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)
