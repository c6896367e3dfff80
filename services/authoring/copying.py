"""The file that is sold is a copy of the author's: with its weights inside, in a version and a locale that run here."""

import locale
from pathlib import Path
from typing import Any, Final

import onnx
import onnx.version_converter
from onnx.external_data_helper import load_external_data_for_model

from services.authoring.graph import attributes, text
from services.inference.errors import ModelBroken, ModelTooNew, OpsetTooNew
from services.inference.onnx_runtime import MAX_FILE_BYTES, one_line, open_session, outside_files
from services.inference.refusals import no_onnx

PLAIN_LOCALE: Final = "C.UTF-8"
NEWEST_OPSET: Final = 21


def copied(source: Path) -> tuple[bytes, list[str]]:
    """The bytes to keep, and what was changed, a sentence each. Raises ModelBroken."""
    data = _read(source)
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # noqa: BLE001 - protobuf's error types depend on which of its engines is installed
        raise no_onnx(data) from None
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
    files = sorted(set(outside_files(model)))
    if not files:
        return []
    folder = source.resolve().parent
    missing = [name for name in files if not (folder / name).is_file()]
    named = ", ".join(f'"{name}"' for name in missing or files)
    try:
        load_external_data_for_model(model, str(folder))
    except Exception as error:  # noqa: BLE001 - a missing file, one out of the folder, one too short: all mean this
        if missing:
            problem, fix = f"its weights are in another file, {named}, which does not lie beside it", "Put it there"
        else:
            problem, fix = (
                f"its weights in {named} cannot be read: {one_line(error)}",
                "Export or copy both files again",
            )
        raise ModelBroken(problem=problem, fix=fix) from None
    return [f"took in the weights that were kept in {named}"]


def _lower_version(model: Any) -> list[str]:
    """A file of a newer onnx is often only called newer: it is written as an older one where that runs."""
    complaint = _complaint(model)
    if not isinstance(complaint, ModelTooNew | OpsetTooNew):
        return []
    lower = onnx.ModelProto()
    lower.CopyFrom(model)
    lower.ir_version = complaint.newest if isinstance(complaint, ModelTooNew) else model.ir_version
    changes = []
    if lower.ir_version != model.ir_version:
        changes = [
            f"wrote IR version {lower.ir_version} instead of {model.ir_version}, which onnxruntime does not read yet"
        ]
    if _complaint(lower) is not None:
        version = lower.ir_version
        try:
            lower = onnx.version_converter.convert_version(lower, NEWEST_OPSET)
        except Exception:  # noqa: BLE001 - it has no conversion: the refusal of the file itself is told
            return []
        lower.ir_version = version
        changes.append(f"wrote opset {NEWEST_OPSET}, the newest that onnxruntime reads for certain")
    if _complaint(lower) is not None:
        return []
    model.CopyFrom(lower)
    return changes


def _complaint(model: Any) -> ModelBroken | None:
    try:
        open_session(model.SerializeToString())
    except ModelBroken as error:
        return error
    return None


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
