"""What an inference server is asked: health, metadata, the repository, and to infer."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sandbox.inference.answers import ServerAnswer, Told, inferred, metadata, plain, refusal
from sandbox.inference.faults import ServerFault
from sandbox.inference.models import ServedModel
from sandbox.inference.server import InferenceServer
from sandbox.inference.wire import HALVES, InferRequest, JsonObject, Refused, read_request


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCall:
    """`name` is one of faults.CALLS, `model` and `version` those of the path; `entry` the line of the log."""

    server: InferenceServer
    name: str
    model: str
    version: str
    raw: bytes
    json_bytes: int | None
    entry: JsonObject
    fault: ServerFault | None = None


ServerOperation: TypeAlias = Callable[[ServerCall], Awaitable[ServerAnswer]]


async def _server(call: ServerCall) -> ServerAnswer:
    dialect = call.server.dialect
    body: JsonObject = {"name": dialect.name, "version": dialect.version}
    return plain(body if dialect.extensions is None else body | {"extensions": list(dialect.extensions)})


async def _health(call: ServerCall) -> ServerAnswer:
    server, kind = call.server, call.model
    well = kind == "live" or not (server.dialect.all_ready and server.unloaded)
    if server.dialect.health == "json":
        return plain({kind: well}, 200 if well else 503)
    return ServerAnswer(status=200 if well else 400)


async def _ready(call: ServerCall) -> ServerAnswer:
    server = call.server
    if not server.ready(call.model):
        wrong = "unready_model" if server.find(call.model) and server.dialect.extras == "nulls" else "not_ready"
        return refusal(server.dialect, wrong, "Model version not ready")  # type: ignore[arg-type] # both are
    known(call)
    if server.dialect.health == "json":
        return plain({"name": call.model, "ready": True})
    return ServerAnswer()


async def _metadata(call: ServerCall) -> ServerAnswer:
    model, _ = known(call)
    server = call.server
    full = server.dialect.metadata if server.settings.metadata is None else server.settings.metadata
    return metadata(server.dialect, model, full=full)


async def _config(call: ServerCall) -> ServerAnswer:
    model, _ = known(call)
    return plain({"name": model.name, "platform": "onnxruntime_onnx", "max_batch_size": model.max_batch})


async def _index(call: ServerCall) -> ServerAnswer:
    server = call.server
    states = {name: "UNAVAILABLE" if name in server.unloaded else "READY" for name in server.models}
    return plain([{"name": name, "version": server.models[name].newest, "state": states[name]} for name in states])


async def _load(call: ServerCall) -> ServerAnswer:
    server = call.server
    if server.find(call.model) is None:
        return refusal(
            server.dialect, "unknown_load", f"failed to load '{call.model}', failed to poll from model repository"
        )
    if call.name == "unload":
        server.unloaded.add(call.model)
    elif server.dialect.extras == "nulls":  # KServe's plain server cannot
        return refusal(server.dialect, "unready_model", f"Model with name {call.model} is not ready.")
    else:
        server.unloaded.discard(call.model)
    return ServerAnswer()


async def _infer(call: ServerCall) -> ServerAnswer:
    server, dialect = call.server, call.server.dialect
    model, version = known(call)
    request = read_request(call.raw, call.json_bytes, dialect)
    feeds = _feeds(model, request, strict=dialect.half_in_json)
    call.entry["rows"] = next(iter(feeds.values())).shape[0] if model.max_batch else 1
    names = [port.name for port in model.outputs]
    if dialect.strict_outputs and (unknown := [name for name in request.outputs if name not in names]):
        raise Refused("unknown_output", f"unexpected inference output '{unknown[0]}' for model '{model.name}'")
    wanted = [
        port
        for port in model.outputs
        if not request.outputs or port.name in request.outputs or not dialect.strict_outputs
    ]
    try:
        arrays = await asyncio.to_thread(model.run, version, [port.name for port in wanted], feeds)
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise Refused("run", f"onnx runtime error: {error}") from error
    told = [
        Told(name=port.name, datatype=port.datatype, array=array) for port, array in zip(wanted, arrays, strict=True)
    ]
    in_json = [each.datatype for each in told if not request.outputs.get(each.name, request.binary)]
    if not dialect.half_in_json and (half := next((kind for kind in in_json if kind in HALVES), None)):
        text = f"sending {half} data via JSON is not supported. Please use the binary data format"
        raise Refused("half_in_json", text)
    binary = dialect.binary_out if server.settings.binary_out is None else server.settings.binary_out
    return inferred(dialect, model, version, request, [_spoiled(each, call.fault) for each in told], binary=binary)


def known(call: ServerCall) -> tuple[ServedModel, str]:
    """The model of the path, and its version. Raises Refused."""
    server = call.server
    if (model := server.find(call.model)) is None:
        raise Refused("unknown_model", f"Request for unknown model: '{call.model}' is not found")
    if not server.ready(call.model):
        raise Refused("unready_model", f"Request for unknown model: '{call.model}' has no available versions")
    if not call.version:
        return model, model.newest
    if server.dialect.versions == "none":
        raise Refused("version", "Model versioning not supported")
    if server.dialect.versions == "numeric" and not call.version.isdigit():
        raise Refused("version", f"failed to get model version from specified version string '{call.version}'")
    if call.version not in model.versions:
        raise Refused("unknown_model", f"Request for unknown model: '{call.model}' version {call.version} is not found")
    return model, call.version


def _feeds(model: ServedModel, request: InferRequest, *, strict: bool) -> Mapping[str, Any]:  # Any: arrays
    feeds = {}
    for name, sent in request.inputs.items():
        if (port := model.input(name)) is None:
            raise Refused("shape", f"unexpected inference input '{name}' for model '{model.name}'")
        if sent.datatype != port.datatype:
            what = f"data-type is '{sent.datatype}', but model '{model.name}' expects '{port.datatype}'"
            raise Refused("dtype", f"inference input '{name}' {what}")
        expected = model.shape(port)
        if len(sent.shape) != len(expected) or any(a not in (-1, b) for a, b in zip(expected, sent.shape, strict=True)):
            what = f"Expected {list(expected)}, got {list(sent.shape)}"
            raise Refused("shape", f"unexpected shape for input '{name}' for model '{model.name}'. {what}")
        if model.max_batch and sent.shape[0] > model.max_batch:
            text = f"inference request batch-size must be <= {model.max_batch} for '{model.name}'"
            raise Refused("unknown_output", text)  # a 400 wherever it is told
        feeds[name] = sent.array
    if missing := [port.name for port in model.inputs if port.name not in feeds]:
        raise Refused("shape", f"expected {len(model.inputs)} inputs but got {len(feeds)}: {missing[0]} is missing")
    return feeds


def _spoiled(told: Told, fault: ServerFault | None) -> Told:
    import numpy as np

    kind, array, name, datatype = fault.kind if fault else "", told.array, told.name, told.datatype
    if kind == "name":
        name = f"{name}_0"
    elif kind == "shape":
        array = np.resize(array, (1, 7))
    elif kind == "rows" and array.ndim:
        array = np.concatenate([array, array[:1]])
    elif kind == "dtype":
        array, datatype = np.array([str(each) for each in array.ravel().tolist()], object).reshape(array.shape), "BYTES"
    elif kind == "nan" and array.dtype.kind == "f":
        array = np.full(array.shape, math.nan, array.dtype)
    return Told(name=name, datatype=datatype, array=array)


OPERATIONS: Final[Mapping[str, tuple[str, ServerOperation]]] = {
    "server": ("GET", _server),
    "health": ("GET", _health),
    "ready": ("GET", _ready),
    "metadata": ("GET", _metadata),
    "config": ("GET", _config),
    "infer": ("POST", _infer),
    "index": ("POST", _index),
    "load": ("POST", _load),
    "unload": ("POST", _load),
}
"""Method and what is done, by the call's name."""
