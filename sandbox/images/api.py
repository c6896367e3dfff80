"""`/images/<bot>/v1/…`: models, generations, edits, and the pictures that are handed out by address."""

import asyncio
import base64
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.datastructures import UploadFile

from sandbox.images.drawing import drawn, edited
from sandbox.images.server import MODEL, ImagesServer, ImagesServers

router = APIRouter(prefix="/images/{bot}")

FORBIDDEN: Final = re.compile("forbidden|запрещ", re.IGNORECASE)
_ERRORS: Final[dict[str, tuple[int, str, str, str]]] = {
    "401": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "403": (403, "invalid_request_error", "unsupported_country_region_territory", "Not available in your region."),
    "404": (404, "invalid_request_error", "model_not_found", "The model does not exist."),
    "429": (429, "requests", "rate_limit_exceeded", "Rate limit reached, please try again later."),
    "500": (500, "server_error", "", "The server had an error while processing your request."),
    "503": (503, "server_error", "", "The engine is currently overloaded."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "refuse": (
        400,
        "image_generation_user_error",
        "moderation_blocked",
        "Your request was rejected by the safety system. safety_violations=[violence].",
    ),
}


async def get_images(bot: int, request: Request) -> ImagesServer:
    servers = request.app.state.images
    assert isinstance(servers, ImagesServers)
    return servers.of(bot)


OneImagesServer = Annotated[ImagesServer, Depends(get_images)]


@router.get("/v1/models")
async def models(request: Request, server: OneImagesServer) -> Response:
    if (fault := await _fault(request, server, "models")) in _ERRORS:
        return _error(fault)
    if fault == "html":
        return _page()
    return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "sandbox"}]})


@router.post("/v1/images/generations")
async def generations(request: Request, server: OneImagesServer) -> Response:
    try:
        given = await request.json()
        prompt = given["prompt"]
    except (ValueError, KeyError, TypeError):
        return _invalid("prompt", "Missing required parameter: 'prompt'.")
    size = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(given.get("size", "512x512")))
    if size is None:
        return _invalid("size", f"Invalid value: '{given['size']}'.")
    sides = int(size[1]), int(size[2])
    return await _answer(request, server, str(prompt), lambda: drawn(str(prompt), sides), 0)


@router.post("/v1/images/edits")
async def edits(request: Request, server: OneImagesServer) -> Response:
    async with request.form() as form:
        sent = [each for key, each in form.multi_items() if key in ("image", "image[]")]
        pictures = [await each.read() for each in sent if isinstance(each, UploadFile)]
        prompt = form.get("prompt")
    if not pictures or not isinstance(prompt, str):
        return _invalid("image", "Missing required parameter: 'image'.")
    return await _answer(request, server, prompt, lambda: edited(prompt, pictures[0]), len(pictures))


@router.get("/files/{number}.png")
async def file(number: int, server: OneImagesServer) -> Response:
    picture = server.files.get(number)
    return Response(status_code=404) if picture is None else Response(picture, media_type="image/png")


async def _answer(
    request: Request, server: ImagesServer, prompt: str, draw: Any, pictures: int
) -> Response:  # Any: a call
    entry = {"prompt": prompt, "pictures": pictures, "path": request.url.path, "error": None}
    server.calls.append(entry)
    fault = await _fault(request, server, "pictures")
    if not fault and FORBIDDEN.search(prompt):
        fault = "refuse"
    entry["error"] = fault or None
    if fault in _ERRORS:
        return _error(fault)
    if fault == "html":
        return _page()
    picture: bytes = await asyncio.to_thread(draw)
    if fault == "no_picture":
        picture = b"no picture at all"
    told: dict[str, Any] = {"b64_json": base64.b64encode(picture).decode()}
    if server.settings.hands_out == "url":
        told = {"url": f"{request.base_url}images/{request.path_params['bot']}/files/{server.keep(picture)}.png"}
    body = {"created": int(server.clock.now()), "data": [] if fault == "broken" else [told], "output_format": "png"}
    return JSONResponse(body)


async def _fault(request: Request, server: ImagesServer, call: str) -> str:
    """What this call meets; nothing where it is empty. One that hangs is away in the end."""
    fault = server.faults.take(call)
    if not _may(request, server):
        return "401"
    if fault is not None and fault.kind == "hang":
        await server.closing.wait(server.clock, fault.seconds)
        return "503"
    return fault.kind if fault is not None else ""


def _page() -> Response:
    return HTMLResponse("<html><title>Sign in</title></html>")


def _may(request: Request, server: ImagesServer) -> bool:
    return server.settings.key is None or request.headers.get("authorization") == f"Bearer {server.settings.key}"


def _error(kind: str) -> Response:
    status, type_, code, message = _ERRORS[kind]
    error = {"message": message, "type": type_, "param": None, "code": code or None}
    return JSONResponse({"error": error}, status_code=status)


def _invalid(param: str, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": "invalid_value"}
    return JSONResponse({"error": error}, status_code=400)
