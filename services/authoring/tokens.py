"""Graphs that read the numbers of tokens: what goes in with them, what comes out for each."""

import re
from collections.abc import Sequence
from typing import Final

from services.authoring.hints import AuthorHints
from services.authoring.notes import Entry, Note, remarked
from services.inference.errors import ModelBroken
from services.inference.tensors import GraphTensor

_IDS: Final = re.compile("input_?ids|^ids$|token(_?ids)?$", re.IGNORECASE)
_MASK: Final = re.compile("mask", re.IGNORECASE)
_TYPES: Final = re.compile("type_?ids|segment", re.IGNORECASE)
_EACH_TOKEN: Final = re.compile("hidden|token|sequence|embed", re.IGNORECASE)
USUAL_TOKENS: Final = 512


def text_question(
    tensors: Sequence[GraphTensor], hints: AuthorHints
) -> tuple[Entry, Sequence[GraphTensor], Note] | None:
    """The question of a text, what of the tensors it fills, and why; None where no tokenizer was named. Raises
    ModelBroken where nothing takes tokens."""
    if hints.tokenizer is None:
        return None
    whole = [tensor for tensor in tensors if tensor.dtype in {"int64", "int32"}]
    types = next((tensor for tensor in whole if _TYPES.search(tensor.name)), None)
    mask = next((tensor for tensor in tensors if _MASK.search(tensor.name)), None)
    rest = [tensor for tensor in whole if tensor not in (types, mask)]
    ids = next((tensor for tensor in rest if _IDS.search(tensor.name)), rest[0] if len(rest) == 1 else None)
    if ids is None:
        raise ModelBroken(problem="no input of the graph takes the numbers of tokens", fix="Leave out --tokenizer")
    name, sha256 = hints.tokenizer
    spec: Entry = {"name": ids.name, "dtype": ids.dtype, "tokenizer": name, "sha256": sha256}
    spec |= {key: tensor.name for key, tensor in (("mask", mask), ("types", types)) if tensor is not None}
    fixed = ids.shape[-1] if ids.shape else None
    spec["max_tokens"] = fixed or USUAL_TOKENS
    entry: Entry = {"name": "text", "type": "text", "label": "Text", "example": "a little dry", "tensor": spec}
    entry = entry if fixed else remarked(entry, "tensor", "guessed: max_tokens, the most that the model was made for")
    filled = [tensor for tensor in (ids, mask, types) if tensor is not None]
    note = Note(tensor=ids.name, what="the tokens of a text", why="--tokenizer makes them", options="--tokenizer")
    return entry, filled, note


def told_of_each_token(tensor: GraphTensor, hints: AuthorHints) -> bool:
    """Whether an output has a vector for each token, which together say what the text means."""
    shape = tensor.shape or ()
    wide = len(shape) == 3 and shape[1] is None and shape[2] is not None
    return hints.tokenizer is not None and wide and _EACH_TOKEN.search(tensor.name) is not None
