"""The calls, each as `(ComfyUI, Request) -> Response`. Who may call and what goes wrong is for the gateway."""

import io
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID, uuid4

from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.comfyui.files import Outside, inside, within
from sandbox.comfyui.server import MAX_UPLOAD_BYTES, ComfyUI
from sandbox.comfyui.validation import validate
from sandbox.comfyui.wire import JsonObject, Trouble, as_json, empty, error

Handler = Callable[[ComfyUI, Request], Awaitable[Response]]
_TRUE: Final = ("true", "1")


async def _body(request: Request) -> JsonObject:
    try:
        given = await request.json()
    except ValueError:
        raise Trouble from None
    if not isinstance(given, dict):
        raise Trouble
    return given


async def post_prompt(server: ComfyUI, request: Request) -> Response:
    given = await _body(request)
    number = server.jobs.take_number()
    number = float(given["number"]) if "number" in given else -number if given.get("front") else number  # type: ignore[assignment]
    if "prompt" not in given:
        return _refused(error("no_prompt", "No prompt provided", "No prompt provided"), {})
    job_id = None if server.switches.own_ids else given.get("prompt_id")
    if job_id is not None and not server.is_old and not _is_uuid(job_id):
        wanted = "prompt_id must be a UUID string in canonical lowercase hyphenated form; "
        details = f"{wanted}omit it to let the server generate one"
        return _refused(error("invalid_prompt_id", "prompt_id must be a valid UUID", details), {})
    job_id = str(job_id or uuid4())
    verdict = validate(given["prompt"], server.nodes(), server.switches.version)
    if verdict.error is not None:
        return _refused(verdict.error, verdict.node_errors)
    extra = dict(given.get("extra_data") or {})
    if "client_id" in given:
        extra["client_id"] = given["client_id"]
    if not server.is_old:
        extra["create_time"] = server.now_ms()
    fine = server.jobs.put(number=number, id=job_id, prompt=given["prompt"], extra=extra, outputs=verdict.outputs)
    server.changed()
    await server.tell_status()
    if not fine and not server.is_old:
        raise Trouble
    return as_json({"prompt_id": job_id, "number": number, "node_errors": verdict.node_errors})


def _refused(why: JsonObject, node_errors: JsonObject) -> Response:
    return as_json({"error": why, "node_errors": node_errors}, 400)


def _is_uuid(text: object) -> bool:
    try:
        return isinstance(text, str) and str(UUID(text)) == text
    except ValueError:
        return False


async def get_prompt(server: ComfyUI, _request: Request) -> Response:
    return as_json({"exec_info": {"queue_remaining": server.jobs.remaining}})


async def get_queue(server: ComfyUI, _request: Request) -> Response:
    running = [] if server.jobs.running is None else [server.jobs.running.item()]
    return as_json({"queue_running": running, "queue_pending": [job.item() for job in server.jobs.heap]})


async def post_queue(server: ComfyUI, request: Request) -> Response:
    given = await _body(request)
    if given.get("clear"):
        server.jobs.heap.clear()
    for job_id in given.get("delete", ()):
        server.jobs.drop(job_id)
    await server.tell_status()
    return empty()


async def post_interrupt(server: ComfyUI, request: Request) -> Response:
    given = await _body(request) if await request.body() else {}
    server.interrupt(given.get("prompt_id"))
    return empty()


async def get_history(server: ComfyUI, request: Request) -> Response:
    history = server.jobs.history
    if (job_id := request.path_params.get("id")) is not None:
        return as_json({job_id: history[job_id].entry()} if job_id in history else {})
    most = int(request.query_params.get("max_items", len(history)))
    return as_json({each.id: each.entry() for each in list(history.values())[-most:]} if most else {})


async def post_history(server: ComfyUI, request: Request) -> Response:
    given = await _body(request)
    if given.get("clear"):
        server.jobs.history.clear()
    for job_id in given.get("delete", ()):
        server.jobs.history.pop(job_id, None)
    return empty()


async def get_jobs(server: ComfyUI, request: Request) -> Response:
    if server.is_old:
        return empty(404)
    wanted = request.query_params.get("status")
    found = [each for each in server.jobs.listed() if wanted is None or each["status"] in wanted.split(",")]
    offset = int(request.query_params.get("offset", 0))
    limit = int(request.query_params.get("limit", len(found)))
    page = found[offset : offset + limit]
    more = {"offset": offset, "limit": limit, "total": len(found), "has_more": offset + len(page) < len(found)}
    return as_json({"jobs": page, "pagination": more})


async def get_job(server: ComfyUI, request: Request) -> Response:
    if server.is_old:
        return empty(404)
    found = server.jobs.find(request.path_params["id"])
    return as_json({"error": "Job not found"}, 404) if found is None else as_json(found)


async def cancel_job(server: ComfyUI, request: Request) -> Response:
    job_ids = [request.path_params["id"]] if "id" in request.path_params else (await _body(request))["job_ids"]
    if server.is_old:
        return PlainTextResponse("405: Method Not Allowed", 405)
    cancelled = [server.jobs.drop(job_id) or server.interrupt(job_id) for job_id in job_ids]
    await server.tell_status()
    return as_json({"cancelled": any(cancelled)})


async def upload_image(server: ComfyUI, request: Request) -> Response:
    if int(request.headers.get("content-length", 0)) > MAX_UPLOAD_BYTES:
        return PlainTextResponse(f"Maximum request body size {MAX_UPLOAD_BYTES} exceeded.", 413)
    async with request.form(max_part_size=MAX_UPLOAD_BYTES) as form:
        given = form.get("image")
        if not isinstance(given, UploadFile) or not given.filename:
            return empty(400)
        folder = server.folders.of(str(form.get("type") or "input"))
        if folder is None:
            raise Trouble
        overwrite = form.get("overwrite") in _TRUE
        try:
            content, subfolder = await given.read(), str(form.get("subfolder") or "")
            file = folder.upload(given.filename, subfolder, content, overwrite=overwrite)
        except Outside:
            return empty(400)
    return as_json({"name": file["filename"], "subfolder": file["subfolder"], "type": file["type"]})


async def view(server: ComfyUI, request: Request) -> Response:
    query = request.query_params
    name, folder = query.get("filename", ""), server.folders.of(query.get("type", "output"))
    if not name or name.startswith("/") or ".." in name or folder is None:
        return empty(400)
    try:
        path = within(inside(query.get("subfolder", "")), name)
    except Outside:
        return empty(403)
    content = folder.files.get(path)
    if content is None:
        return empty(404)
    headers = {"Content-Disposition": f'filename="{name}"', "ETag": f'"{folder.digest(path)[:16]}"'}
    if "preview" in query:
        return _preview(content, query["preview"], headers)
    kind = "image/png" if name.endswith(".png") else "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)


def _preview(content: bytes, wanted: str, headers: Mapping[str, str]) -> Response:
    form, _, quality = wanted.partition(";")
    form = form if form in ("jpeg", "webp") else "webp"
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").save(stream, form, quality=int(quality) if quality.isdigit() else 90)
    return Response(stream.getvalue(), media_type=f"image/{form}", headers=dict(headers))


async def object_info(server: ComfyUI, request: Request) -> Response:
    nodes = server.nodes()
    wanted = request.path_params.get("class")
    return as_json({name: node.info() for name, node in nodes.items() if wanted in (None, name)})


async def system_stats(server: ComfyUI, _request: Request) -> Response:
    return as_json(server.stats())


async def models(server: ComfyUI, request: Request) -> Response:
    known: dict[str, list[str]] = {"checkpoints": [], "loras": [], "vae": []} | server.switches.models
    folder = request.path_params.get("folder")
    if folder is None:
        return as_json(list(known))
    return as_json(known[folder]) if folder in known else empty(404)


async def features(_server: ComfyUI, _request: Request) -> Response:
    return as_json({"supports_preview_metadata": True, "max_upload_size": MAX_UPLOAD_BYTES})


async def free(_server: ComfyUI, _request: Request) -> Response:
    return empty()


CALLS: Final[Mapping[tuple[str, str], tuple[str, Any]]] = {
    ("GET", "/prompt"): ("queue_length", get_prompt),
    ("POST", "/prompt"): ("prompt", post_prompt),
    ("GET", "/queue"): ("queue", get_queue),
    ("POST", "/queue"): ("queue.change", post_queue),
    ("POST", "/interrupt"): ("interrupt", post_interrupt),
    ("GET", "/history"): ("history.all", get_history),
    ("POST", "/history"): ("history.change", post_history),
    ("GET", "/history/{id}"): ("history", get_history),
    ("GET", "/api/jobs"): ("jobs", get_jobs),
    ("GET", "/api/jobs/{id}"): ("job", get_job),
    ("POST", "/api/jobs/{id}/cancel"): ("cancel", cancel_job),
    ("POST", "/api/jobs/cancel"): ("cancel", cancel_job),
    ("POST", "/upload/image"): ("upload", upload_image),
    ("GET", "/view"): ("view", view),
    ("GET", "/object_info"): ("object_info", object_info),
    ("GET", "/object_info/{class:path}"): ("object_info", object_info),
    ("GET", "/system_stats"): ("system_stats", system_stats),
    ("GET", "/models"): ("models", models),
    ("GET", "/models/{folder}"): ("models", models),
    ("GET", "/features"): ("features", features),
    ("POST", "/free"): ("free", free),
}
"""Methods and paths, with the name that faults and the log know them by. Each is also under `/api`."""
NAMES: Final = tuple(dict.fromkeys([*(name for name, _ in CALLS.values()), "ws"]))
