"""The file that is sold is a copy of the author's: with its weights inside, in a version and a locale that run here."""

import locale
from pathlib import Path
from typing import Any, Final

import onnx
import onnx.version_converter
from onnx.external_data_helper import load_external_data_for_model

from services.authoring.graph import attributes, text
from services.inference.errors import ModelBroken, ModelTooNew
from services.inference.onnx_runtime import MAX_FILE_BYTES, one_line, open_session

PLAIN_LOCALE: Final = "C.UTF-8"
NEWEST_OPSET: Final = 21


def copied(source: Path) -> tuple[bytes, list[str]]:
    """The bytes to keep, and what was changed, a sentence each. Raises ModelBroken."""
    data = _read(source)
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # noqa: BLE001 - protobuf's error types depend on which of its engines is installed
        raise ModelBroken(problem=f"not an ONNX file: {one_line(error)}", fix="") from None
    changes = [*_weights_inside(model, source), *_lower_version(model), *_known_locale(model)]
    return (model.SerializeToString() if changes else data), changes


def _read(source: Path) -> bytes:
    try:
        if source.stat().st_size > MAX_FILE_BYTES:
            raise ModelBroken(problem=f"the file is over {MAX_FILE_BYTES // 1_000_000} MB", fix="Take a smaller model")
        return source.read_bytes()
    except OSError as error:
        raise ModelBroken(problem=f"{source}: {error.strerror}", fix="Name an ONNX file") from None


def _weights_inside(model: Any, source: Path) -> list[str]:
    external = [each for each in model.graph.initializer if each.data_location == onnx.TensorProto.EXTERNAL]
    if not external:
        return []
    try:
        load_external_data_for_model(model, str(source.resolve().parent))
    except Exception as error:  # noqa: BLE001 - a missing file, one out of the folder, one too short: all mean this
        fix = "Put the file with the weights beside it, or save it as one: onnx.save(onnx.load(F), G)"
        raise ModelBroken(problem=f"its weights are in another file: {one_line(error)}", fix=fix) from None
    return [f"took in the weights of {len(external)} tensors that were kept in another file"]


def _lower_version(model: Any) -> list[str]:
    """A file of a newer onnx is often only called newer: it is written as an older one where that runs."""
    newest = _newest_read(model)
    if newest is None:
        return []
    lower = onnx.ModelProto()
    lower.CopyFrom(model)
    lower.ir_version = newest
    changes = [f"wrote IR version {newest} instead of {model.ir_version}, which onnxruntime does not read yet"]
    if not _runs(lower):
        try:
            lower = onnx.version_converter.convert_version(lower, NEWEST_OPSET)
        except Exception:  # noqa: BLE001 - it has no conversion: the refusal of the file itself is told
            return []
        lower.ir_version = newest
        changes.append(f"wrote opset {NEWEST_OPSET}, the newest that onnxruntime reads for certain")
    if not _runs(lower):
        return []
    model.CopyFrom(lower)
    return changes


def _newest_read(model: Any) -> int | None:
    """The newest IR version that is read, where this one is not."""
    try:
        open_session(model.SerializeToString())
    except ModelTooNew as error:
        return error.newest
    except ModelBroken:
        return None
    return None


def _runs(model: Any) -> bool:
    try:
        open_session(model.SerializeToString())
    except ModelBroken:
        return False
    return True


def _known_locale(model: Any) -> list[str]:
    """A text model names a locale, or means en_US.UTF-8; servers often have neither."""
    changes = []
    for node in model.graph.node:
        if node.op_type != "StringNormalizer":
            continue
        wanted = text(attributes(node).get("locale", b"")) or "en_US.UTF-8"
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
