"""Answers of an inference server, in the form of its dialect."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sandbox.inference.dialects import Dialect, Wrong
from sandbox.inference.models import Port, ServedModel
from sandbox.inference.wire import InferRequest, JsonObject, listed, packed

JSON: Final = "application/json"
PAGE: Final = b"<html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswer:
    """`json_bytes`: where the JSON ends and raw tensors begin."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    json_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An output as it is told: a fault may make another of it."""

    name: str
    datatype: str
    array: Any  # of numpy


def plain(value: JsonObject | list[JsonObject], status: int = 200) -> ServerAnswer:
    return ServerAnswer(status=status, body=_dump(value))


def refusal(dialect: Dialect, wrong: Wrong, text: str) -> ServerAnswer:
    status, form = dialect.errors[wrong]
    if form == "text":
        return ServerAnswer(status=status, body=text.encode(), content_type="text/plain; charset=utf-8")
    if form == "empty":
        return ServerAnswer(status=status)
    if form == "detail":
        body = _dump({"detail": [{"type": wrong, "loc": ["body", "inputs"], "msg": text, "input": None}]})
        return ServerAnswer(status=status, body=body)
    return ServerAnswer(status=status, body=_dump({"error": text}), content_type=dialect.error_type)


def metadata(dialect: Dialect, model: ServedModel, *, full: bool) -> ServerAnswer:
    """`full`: else its inputs and outputs are kept to itself."""
    versions: list[str] | None = list(model.versions)
    if dialect.extras == "nulls":
        versions = None
    body: JsonObject = {"name": model.name, "versions": versions, "platform": "onnxruntime_onnx"}
    for key, ports in (("inputs", model.inputs), ("outputs", model.outputs)):
        body[key] = [_port(model, port) for port in ports] if full else []
    if dialect.extras == "rt_info":
        body["rt_info"] = {"model_info": {"task": "unknown"}}
    return plain(body)


def _port(model: ServedModel, port: Port) -> JsonObject:
    return {"name": port.name, "datatype": port.datatype, "shape": list(model.shape(port))}


def inferred(
    dialect: Dialect, model: ServedModel, version: str, request: InferRequest, told: Sequence[Told], *, binary: bool
) -> ServerAnswer:
    """`binary`: whether this server answers so where it is asked to."""
    parts: list[bytes] = []
    outputs = []
    for each in told:
        output: JsonObject = {"name": each.name, "datatype": each.datatype, "shape": list(each.array.shape)}
        if binary and request.outputs.get(each.name, request.binary):
            parts.append(packed(each.datatype, each.array))
            output["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            output["data"] = listed(each.array)
        if dialect.extras == "nulls":
            output.setdefault("parameters", None)
        outputs.append(output)
    body: JsonObject = {"model_name": model.name, "model_version": version, "outputs": outputs}
    body |= {"id": request.id} if request.id is not None else {}
    if dialect.extras == "invented":
        body |= {"id": request.id or str(uuid4()), "parameters": {"content_type": "np"}}
    elif dialect.extras == "nulls":
        body |= {"id": request.id, "model_version": None, "parameters": None}
    head = _dump(body)
    if not parts:
        return ServerAnswer(body=head)
    return ServerAnswer(body=head + b"".join(parts), content_type="application/octet-stream", json_bytes=len(head))


def _dump(value: JsonObject | list[JsonObject]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
