"""The file that is sold is a copy of the author's: with its weights inside, in a version and a locale that run here."""

import locale
import shutil
from pathlib import Path
from typing import Any, Final

import onnx
import onnx.version_converter
from onnx.external_data_helper import load_external_data_for_model

from services.errors import ShopError
from services.inference.errors import ModelBroken, ModelTooNew, OpsetTooNew
from services.inference.runtimes.onnx import open_file, open_session
from services.inference.runtimes.onnx_file import (
    MAX_FILE_BYTES,
    held,
    location_of,
    nodes,
    one_line,
    opened,
    outside_files,
    outside_tensors,
)
from services.inference.runtimes.onnx_graph import attributes
from services.inference.tensors import label_text

PLAIN_LOCALE: Final = "C.UTF-8"
NEWEST_OPSET: Final = 21


def copy_model(source: Path, target: Path) -> list[str]:
    """Write the file to keep, and say what was changed, a sentence each. Weights are read only where something changes.
    Raises ModelBroken with what stands in the way, whatever it is; OSError."""
    try:
        return _copied(source, target)
    except (ShopError, OSError):
        raise
    except Exception as error:
        fix = "Export it again, with its weights inside"
        raise ModelBroken(problem=f"no copy can be made of it: {one_line(error)}", fix=fix) from error


def _copied(source: Path, target: Path) -> list[str]:
    with held(source) as file:
        skeleton = opened(file).model
        if not (list(outside_files(skeleton)) or _too_new(skeleton) or _known_locale(skeleton)):
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            return []
        model = onnx.load_model(file, load_external_data=False)
    changes = [*_weights_inside(model, source), *_known_locale(model)]
    onnx.save_model(model, target)
    return [*changes, *_lower_version(model, target)]


def _weights_inside(model: Any, source: Path) -> list[str]:  # Any: protobuf
    files = sorted(set(outside_files(model)))
    if not files:
        return []
    folder = source.resolve().parent
    missing = [name for name in files if not (folder / name).is_file()]
    named = ", ".join(f'"{name}"' for name in missing or files)
    if source.stat().st_size + sum(_length(tensor, folder) for tensor in outside_tensors(model)) > MAX_FILE_BYTES:
        problem = f"with its weights it would be over {MAX_FILE_BYTES // 1_000_000} MB"
        raise ModelBroken(problem=problem, fix="Take a smaller model")
    try:
        load_external_data_for_model(model, str(folder))
    except Exception as error:  # noqa: BLE001 - a missing file, one out of the folder, one too short: all mean this
        if missing:
            problem, fix = (
                f"its weights are in another file, {named}, which does not lie beside it",
                "Put it there, or export it again",
            )
        else:
            problem = f"its weights in {named} cannot be read: {one_line(error)}"
            fix = "Export or copy both files again"
        raise ModelBroken(problem=problem, fix=fix) from None
    return [f"took in the weights that were kept in {named}"]


def _length(tensor: Any, folder: Path) -> int:  # Any: protobuf
    """Bytes that would be read for it; the same ones may be read for many. 0 for what is refused without being read."""
    told = {item.key: item.value for item in tensor.external_data}
    try:
        begin = int(told.get("offset") or 0)
        rest = (folder / location_of(tensor)).stat().st_size - begin
        length = int(told["length"]) if told.get("length") else rest
    except (OSError, ValueError):
        return 0
    return length if 0 <= length <= rest else 0


def _lower_version(model: Any, target: Path) -> list[str]:
    """A file of a newer onnx is often only called newer: it is written as an older one where that runs."""
    complaint = _too_new(model)
    if complaint is None:
        return []
    given, changes = model.ir_version, []
    if isinstance(complaint, ModelTooNew):
        model.ir_version = complaint.newest
        changes = [f"wrote IR version {complaint.newest} instead of {given}, which onnxruntime does not read yet"]
    if _runs(model, target):
        return changes
    try:
        lower = onnx.version_converter.convert_version(model, NEWEST_OPSET)
        lower.ir_version = model.ir_version
        if _runs(lower, target):
            return [*changes, f"wrote opset {NEWEST_OPSET}, the newest that onnxruntime reads for certain"]
    except Exception:  # noqa: BLE001, S110 - it has no conversion: the refusal of the file itself is told
        pass
    model.ir_version = given
    onnx.save_model(model, target)
    return []


def _too_new(model: Any) -> ModelTooNew | OpsetTooNew | None:
    """What onnxruntime says of its versions: it is asked with a graph of nothing."""
    nothing = onnx.helper.make_graph([], "nothing", [], [])
    probe = onnx.helper.make_model(nothing, ir_version=model.ir_version, opset_imports=model.opset_import)
    try:
        open_session(probe.SerializeToString())
    except (ModelTooNew, OpsetTooNew) as error:
        return error
    except ModelBroken:
        return None
    return None


def _runs(model: Any, target: Path) -> bool:
    """Whether it can be loaded, once it is written there."""
    onnx.save_model(model, target)
    try:
        with held(target) as stream:
            open_file(stream)
    except ModelBroken:
        return False
    return True


def _known_locale(model: Any) -> list[str]:
    """A text model names a locale, or means en_US.UTF-8; servers often have neither."""
    changes = []
    for node in nodes(model):
        if node.op_type != "StringNormalizer":
            continue
        wanted = label_text(attributes(node).get("locale", b"")) or "en_US.UTF-8"
        if _exists(wanted):
            continue
        kept = [attribute for attribute in node.attribute if attribute.name != "locale"]
        del node.attribute[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute("locale", PLAIN_LOCALE)])
        changes.append(f"took the locale {PLAIN_LOCALE} for {wanted}, which this machine does not have")
    return sorted(set(changes))


def _exists(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True
