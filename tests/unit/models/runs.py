"""Runs the committed models the way the shop does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest, load_manifest
from services.values.parse import Value

STORE = Path(__file__).resolve().parents[3] / "models_store"
SLUGS = ("investment-risk", "wine", "digit")
PAINTERS = ("painter", "own-style")


class Model:
    def __init__(self, slug: str) -> None:
        self.folder = STORE / slug
        self.manifest: Manifest = load_manifest(self.folder)
        self._runtime = OnnxRuntime(self.manifest, self.folder)
        self._runtime.load()

    def results(self, *rows: Row) -> list[Result]:
        with watched(Limit(self.manifest.runtime.timeout)) as limit:
            answers = self._runtime.run(list(rows), limit)
        results = []
        for answer in answers:
            if isinstance(answer, ShopError):
                raise answer
            results.append(answer)
        return results

    def result(self, values: Mapping[str, Value], files: Mapping[str, bytes] | None = None) -> Result:
        return self.results(Row(values=values, files=files or {}))[0]

    def answers(self, values: Mapping[str, Value]) -> dict[str, Any]:  # Any: what JSON holds, by the output's name
        return dict(self.result(values).outputs)

    def advice(self, result: Result) -> str | None:
        return None if result.advice is None else self.manifest.advice[result.advice].text.pick("en")
