"""JSON as ComfyUI writes it, and its answers that are no JSON."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

JsonObject = dict[str, Any]  # Any: one alias for all that ComfyUI sends and takes
NEWEST: Final = "0.30.0"
OLD: Final = "0.3.64"
"""A dialect of 2025: no jobs to cancel, any text as `prompt_id`."""

_TROUBLE: Final = "500 Internal Server Error\n\nServer got itself in trouble"


class Trouble(Exception):
    """What ComfyUI itself did not expect: HTTP 500 without JSON."""


def trouble() -> Response:
    return PlainTextResponse(_TROUBLE, 500)


def empty(status: int = 200) -> Response:
    return Response(status_code=status)


def as_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(content, status, headers)


def error(kind: str, message: str, details: str = "", extra: JsonObject | None = None) -> JsonObject:
    """ComfyUI's error object, of a prompt or of one node's input."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra or {}}
