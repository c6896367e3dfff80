"""A first manifest from an ONNX file: a person improves its words, the bot can serve it as it is."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.inference.errors import BadInput, BadOutput, InvalidValue, ModelBroken, RunFailed
from services.inference.feeds import Feeder
from services.inference.graphs import read_facts
from services.inference.guesses import Entry, guess_inputs, guess_outputs, readable
from services.inference.manifest import ImageInput, Manifest
from services.inference.onnx_runtime import graph_tensors, open_session, run_session
from services.inference.results import answers_each
from services.inference.runtime import Limit, watched
from services.inference.samples import example_row

_TRY_SECONDS = 30.0
_ORDER = [
    *("name", "type", "label", "min_length", "max_length", "example", "tensor"),
    *("column", "chart", "logits", "classes", "options", "prepare"),
]


def scaffold(onnx_file: Path) -> str:
    """The text of a `manifest.toml` for the file's folder. Raises ModelBroken with what stands in the way."""
    try:
        data = onnx_file.read_bytes()
    except OSError as error:
        raise ModelBroken(problem=f"{onnx_file}: {error.strerror}", fix="Name an ONNX file") from None
    session = open_session(data)
    facts = read_facts(data)
    inputs, outputs = graph_tensors(session.get_inputs()), graph_tensors(session.get_outputs())
    manifest = _head(onnx_file, data)
    manifest["inputs"] = guess_inputs(inputs, facts)
    provisional = {"name": "any", "type": "text", "label": "any", "tensor": outputs[0].name}
    draft = Manifest.model_validate({**manifest, "outputs": [provisional]})
    feeder = Feeder(draft, inputs, {})
    one, two = _tried(session, draft, feeder, onnx_file.parent, 1), None
    if feeder.several and one is not None:
        two = _tried(session, draft, feeder, onnx_file.parent, 2)
    if two is None or not all(answers_each(value, 2) for value in two.values()):
        manifest["runtime"]["max_batch"] = 1
    pictured = any(isinstance(field, ImageInput) for field in draft.inputs)
    manifest["outputs"] = guess_outputs(outputs, one, facts, pictured=pictured)
    Manifest.model_validate(manifest)
    return "\n".join(_toml(manifest)) + "\n"


def _head(file: Path, data: bytes) -> Entry:
    folder = file.resolve().parent.name
    slug = (
        folder if re.fullmatch("[a-z0-9-]{1,32}", folder) else re.sub("[^a-z0-9]+", "-", file.stem.lower()).strip("-")
    )
    title = readable(slug.replace("-", " ") if file.stem == "model" else file.stem)[:64]
    return {
        "slug": slug[:32] or "model",
        "version": "1.0.0",
        "title": title,
        "price": "1.00",
        "runtime": {"kind": "onnx", "file": file.name, "sha256": hashlib.sha256(data).hexdigest()},
    }


def _tried(session: Any, draft: Manifest, feeder: Feeder, folder: Path, rows: int) -> dict[str, Any] | None:
    """What the graph gives for made-up rows; None where it refuses them. Raises RunTimeout."""
    names = [tensor.name for tensor in session.get_outputs()]
    with watched(Limit(_TRY_SECONDS)) as limit:
        try:
            return run_session(session, names, feeder.feeds([example_row(draft, folder)] * rows), limit)
        except (RunFailed, BadInput, BadOutput, InvalidValue):
            return None


def _toml(manifest: Entry) -> Iterator[str]:
    for key, value in manifest.items():
        if not isinstance(value, dict | list):
            yield f"{key} = {_inline(value)}"
    yield from ("", "[runtime]")
    yield from (f"{key} = {_inline(value)}" for key, value in manifest["runtime"].items())
    for table in ("inputs", "outputs"):
        for entry in manifest[table]:
            yield from ("", f"[[{table}]]")
            yield from (f"{key} = {_inline(entry[key], lines=True)}" for key in sorted(entry, key=_ORDER.index))


def _inline(value: Any, *, lines: bool = False) -> str:
    """A TOML value; a list of tables with a line for each where `lines` is given."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        items = [_inline(item) for item in value]
        if lines and value and isinstance(value[0], dict):
            return "[\n" + "".join(f"  {item},\n" for item in items) + "]"
        return "[" + ", ".join(items) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
