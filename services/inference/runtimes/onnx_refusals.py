"""Why onnxruntime refuses a file, in words with a cure; and what a file is that is no ONNX file."""

import re
from collections.abc import Callable
from typing import Final

from services.inference.errors import ModelBroken, ModelTooNew, OpsetTooNew

FLOATS: Final = "Convert it for float32: skl2onnx with initial_types=[('X', FloatTensorType([None, columns]))]"
_TEXT: Final = re.compile("failed to construct locale with name:([^:\\s]+)", re.IGNORECASE)
_TOO_NEW: Final = re.compile(r"Unsupported model IR version: \d+, max supported IR version: (\d+)")
_OPSET: Final = re.compile(r"(?:Opset|opset version) (\d+) (?:is under development|is not supported)", re.IGNORECASE)
_UNKNOWN: Final = (
    re.compile(r"([\w.]+):(\w+)\(-?\d+\) is not a registered function/op"),
    re.compile(r"No Op registered for ()(\w+) with domain_version"),
)
_NO_OPSET: Final = re.compile(r"In Node, \(\".*?\", (\w+), .*No opset import for domain '([\w.]+)'")
_NODE: Final = re.compile(r"This is an invalid model. In Node, \(\".*?\", (\w+), .* , Error (.+)")
_SHAPE: Final = re.compile(r"Node \(.*?\) Op \((\w+)\) \[\w+\] (.+)")
_TAKES: Final = re.compile(r"Type 'tensor\((\w+)\)' of input parameter \(.*\) of operator \((\w+)\)")
_LEAD: Final = re.compile(
    r"^((This is an invalid model|Fatal error|Type Error|Node \(.*?\)|Load model from .*? failed|Error"
    r"|Exception during (initialization|loading))[.:]? )+"
)
_NO_CODE: Final = re.compile(r"Could not find an implementation for (\w+)\(")
_WRONG_TYPE: Final = re.compile(r"Type \(tensor\((\w+)\)\) of output arg .* does not match expected type")
_NO_TYPE: Final = re.compile(r"MLDataType for: (\S+) is not currently registered")
_KINDS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK", "a ZIP archive, as PyTorch and Keras save models", "Export it: torch.onnx.export, or tf2onnx for Keras"),
    (b"\x89HDF", "an HDF5 file, as Keras saves models", "Export it with tf2onnx"),
    (b"\x80", "a Python pickle", "Export the model in it: skl2onnx.to_onnx, or torch.onnx.export"),
    (b"version https://git-lfs", "a pointer of Git LFS and not the file itself", "Fetch the file: git lfs pull"),
    (b"<", "a web page", "Download the file itself"),
)


def refusal(problem: str) -> ModelBroken:
    """The error for what onnxruntime said of a file, in one line."""
    if found := _TOO_NEW.search(problem):
        return ModelTooNew(problem=problem, newest=int(found[1]))
    if found := _OPSET.search(problem):
        return OpsetTooNew(opset=int(found[1]))
    for pattern, told in _TOLD:
        if found := pattern.search(problem):
            said, fix = told(found)
            return ModelBroken(problem=said, fix=fix)
    return ModelBroken(problem=_LEAD.sub("", problem))


def no_onnx(data: bytes) -> ModelBroken:
    """The error for a file that cannot be read as a graph."""
    if not data:
        return ModelBroken(problem="not an ONNX file: it is empty", fix="Export or copy it again")
    for start, what, fix in _KINDS:
        if data.startswith(start):
            return ModelBroken(problem=f"not an ONNX file: it is {what}", fix=fix)
    fix = "Export the model to ONNX, or copy the file again if it was one"
    return ModelBroken(problem="not an ONNX file, or a damaged one", fix=fix)


def _no_locale(found: re.Match[str]) -> tuple[str, str]:
    fix = "kassandra models init sets one that exists (locale of the StringNormalizer nodes); or install it"
    return f"its text is lowered by the rules of the locale {found[1]}, which this machine does not have", fix


def _unknown(found: re.Match[str]) -> tuple[str, str]:
    return _operator(found[1], found[2])


def _no_opset(found: re.Match[str]) -> tuple[str, str]:
    return _operator(found[2], found[1])


def _bad_node(found: re.Match[str]) -> tuple[str, str]:
    return f"the graph is wrong at {found[1]}: {found[2]}", "Export the model again"


def _takes(found: re.Match[str]) -> tuple[str, str]:
    return f"the graph is wrong at {found[2]}, which takes no {found[1]}", "Export the model again"


def _operator(domain: str, kind: str) -> tuple[str, str]:
    name = f"{domain}:{kind}" if domain else kind
    standard = domain in {"", "ai.onnx", "ai.onnx.ml"}
    origin = "which onnxruntime does not know" if standard else "of an extension that is not loaded here"
    return f'the graph uses "{name}", {origin}', "Export it with standard ONNX operators alone"


def _no_code(found: re.Match[str]) -> tuple[str, str]:
    return f"onnxruntime cannot compute {found[1]} with numbers of this type (often float64)", FLOATS


def _wrong_type(found: re.Match[str]) -> tuple[str, str]:
    return f"it promises an answer of {found[1]} where the graph gives another type", FLOATS


def _no_type(found: re.Match[str]) -> tuple[str, str]:
    return f"onnxruntime does not know numbers of the type {found[1]}", "Export it with float32"


_TOLD: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str]]], ...]] = (
    (_TEXT, _no_locale),
    *((pattern, _unknown) for pattern in _UNKNOWN),
    (_NO_OPSET, _no_opset),
    (_NODE, _bad_node),
    (_SHAPE, _bad_node),
    (_TAKES, _takes),
    (_NO_CODE, _no_code),
    (_WRONG_TYPE, _wrong_type),
    (_NO_TYPE, _no_type),
)
