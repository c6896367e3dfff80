"""Photos painted in this process: made small, painted, laid over the photo."""

import io
import threading
from collections.abc import Collection, Sequence
from contextlib import nullcontext, suppress
from typing import Any, Final

import numpy as np
from PIL import Image

from services.errors import ShopError
from services.inference.errors import ModelBroken
from services.inference.heap import freed_at_once, give_back
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import open_file, require
from services.inference.runtimes.onnx_file import held
from services.inference.runtimes.style_transfer.kind import StyleTransferSpec
from services.inference.runtimes.style_transfer.networks import (
    ONE,
    PHOTO,
    STRENGTH,
    AnyPicture,
    Network,
    Session,
    Styles,
    floats,
)
from services.inference.runtimes.style_transfer.sizes import Size, laid_over, resized
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.inference.tensors import GraphTensor, Result, Row

PAINTED: Final = "painted"


class _UnderWay:
    """How many runs there are in this process now, of all models of the kind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.count -= 1


_under_way = _UnderWay()
SMALL: Final = 700 * 700  # points; of a larger photo all that can be given back is
_ONE_PAINTS = threading.RLock()  # of all models of the kind: a run takes 170 MB, whoever's it is


def _is_large(row: Row) -> bool:
    """By the headers of its pictures alone."""
    for content in row.files.values():
        with suppress(OSError), Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > SMALL:
                return True
    return False


class StyleTransferRuntime(TensorRuntime):
    def open(self) -> tuple[Sequence[GraphTensor], Collection[str]]:
        spec = self._manifest.runtime
        assert isinstance(spec, StyleTransferSpec)
        sessions = [self._session(spec, key, *named) for key, named in spec.weights.items()]
        self._network: Network = Styles(sessions[0], spec.points) if len(sessions) == 1 else AnyPicture(*sessions)
        named = {field.tensor.name for field in self._manifest.inputs if field.tensor is not None}
        named |= {constant.tensor for constant in self._manifest.constants}
        if missing := [name for name in (PHOTO, *self._network.required) if name not in named]:
            raise ModelBroken(
                problem=f'no input has the tensor "{missing[0]}"', fix="Add one; docs/manifest.md tells how"
            )
        offered = [floats(PHOTO, (3, None, None)), floats(STRENGTH, ONE), *self._network.tensors]
        unknown = named - {tensor.name for tensor in offered}
        return [tensor for tensor in offered if unknown or tensor.name in named], (PAINTED,)

    def warm_up(self, limit: Limit) -> None:
        with freed_at_once():
            super().warm_up(limit)

    def sizes_to_try(self) -> Sequence[Size]:
        """None: whatever a photo's size, the networks see few."""
        return ()

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        """A large photo takes so much beside its painting that nothing else is painted, or made ready, meanwhile."""
        with _under_way, _ONE_PAINTS if any(map(_is_large, rows)) else nullcontext():
            return super().run(rows, limit)

    def compute(self, feeds: dict[str, Any], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        photo = feeds[PHOTO][0]
        strength = float(np.ravel(feeds[STRENGTH])[0]) if STRENGTH in feeds else 1.0
        small = resized(photo, self._network.size_for((photo.shape[2], photo.shape[1])))
        with _ONE_PAINTS:
            large = photo.size > 3 * SMALL
            if large:
                give_back()
            painted = self._network.paint(small, feeds, limit, keep=_under_way.count > 1 and not large)
            if large:
                give_back()
            return {PAINTED: laid_over(photo, small, painted, strength)[np.newaxis]}

    def close(self) -> None:
        del self._network

    def _session(self, spec: StyleTransferSpec, key: str, name: str, sha256: str) -> Session:
        with held(spec.path(self._folder, name)) as file:
            require(file, sha256, self._folder, key.replace("file", "sha256"))
            return open_file(file, shared=False)
