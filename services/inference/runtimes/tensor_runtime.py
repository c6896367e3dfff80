"""What computes arrays in this process: rows become arrays, arrays become answers; another class says what is between
them."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from services.errors import ShopError
from services.inference.columns import ColumnBatch
from services.inference.errors import BadInput, BadOutput, ModelBroken, RunFailed
from services.inference.runtimes.base import Limit
from services.inference.runtimes.column_feeds import ColumnFeeder
from services.inference.runtimes.column_results import ColumnReader
from services.inference.runtimes.column_run import ColumnRun
from services.inference.runtimes.sound_feeds import Windows
from services.inference.runtimes.tensor_feeds import Feeder, load_sources
from services.inference.runtimes.tensor_results import Frames, Reader, is_plain
from services.inference.runtimes.text_feeds import load_encoders
from services.inference.tensors import GraphTensor, Result, Row
from services.manifests.manifest import ImageInput, Manifest
from services.values.errors import InvalidValue
from services.values.framing import Size
from services.values.samples import drawing, example_row, fullest_row, gives_examples, photo_sizes


class TensorRuntime(ABC):
    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self._manifest, self._folder = manifest, folder

    @abstractmethod
    def open(self) -> tuple[Sequence[GraphTensor], Collection[str]]:
        """Get ready: what it takes, and the names of what it gives. Raises ModelBroken, ManifestError."""

    @abstractmethod
    def compute(self, feeds: dict[str, Any], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        """The outputs of these names. Raises RunTimeout, RunFailed."""

    @abstractmethod
    def close(self) -> None:
        """Let go of memory."""

    def load(self) -> None:
        inputs, known = self.open()
        manifest, folder = self._manifest, self._folder
        self._feeder = Feeder(manifest, inputs, load_sources(manifest, folder), load_encoders(manifest, folder))
        self._reader = Reader(self._manifest)
        self.columnar = all(map(is_plain, self._manifest.outputs))
        self.column_feeder, self.column_reader = ColumnFeeder(self._feeder), ColumnReader(self._manifest)
        if missing := [name for name in self._reader.tensors if name not in known]:
            problem, fix = f'the graph has no output "{missing[0]}"', f"Name one of: {', '.join(sorted(known))}"
            raise ModelBroken(problem=problem, fix=fix)

    def warm_up(self, limit: Limit) -> None:
        self.answer_example(limit)

    def answer_example(self, limit: Limit) -> None:
        """And photos of several sizes, where the graph takes them. Raises ModelBroken, RunTimeout."""
        row = example_row(self._manifest, self._folder)
        try:
            self._answer(row, limit)
        except InvalidValue as error:
            problem = f"the example does not fit: {error.message.format(**error.params)}"
            raise ModelBroken(problem=problem, fix="Correct the example") from error
        except (RunFailed, BadOutput, BadInput) as error:
            problem = f"the example gives no answer: {error.params.get('problem', error)}"
            usual = "Correct the example" if gives_examples(self._manifest) else "Write an example beside each input"
            fix = (isinstance(error, BadOutput) and error.fix) or usual
            raise ModelBroken(problem=problem, fix=fix) from error
        if (most := fullest_row(self._manifest, row)) is not None:
            self._try_all(most, "a list of the most pictures", "Correct max_count", limit)
        for size in self.sizes_to_try():
            self._try_size(row, size, limit)

    def sizes_to_try(self) -> Sequence[Size]:
        """Of photos, beside the example's."""
        return photo_sizes(self._manifest)

    def _try_size(self, row: Row, size: Size, limit: Limit) -> None:
        free = [f.name for f in self._manifest.inputs if isinstance(f, ImageInput) and f.prepare.free]
        turned = itertools.cycle([size, (size[1], size[0])])  # nobody sends two photos of one shape
        photos = {name: drawing(next(turned)) for name in free}
        fix = "Correct size, multiple or longest; kassandra models init tries which of them run"
        tried = Row(values=row.values, files={**row.files, **photos})
        self._try_all(tried, f"a photo of {size[0]} × {size[1]}", fix, limit)

    def _try_all(self, row: Row, what: str, fix: str, limit: Limit) -> None:
        try:
            self._answer(row, limit)
        except (RunFailed, BadOutput, BadInput, InvalidValue) as error:
            problem = f"{what} gives no answer: {error.params.get('problem', error)}"
            raise ModelBroken(problem=problem, fix=fix) from error

    def _answer(self, row: Row, limit: Limit) -> None:
        """Raises what a customer would get instead of an answer."""
        answer = self.run([row], limit)[0]
        if isinstance(answer, ShopError):
            raise answer

    def outputs(self, rows: Sequence[Row], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        """What the graph itself gives for these. Raises RunTimeout, RunFailed, BadInput, InvalidValue."""
        feeds = self._feeder.feeds(rows)
        if self._feeder.windows is not None:
            return self._in_windows(self._feeder.windows, rows[0], feeds, names, limit)
        return self.compute(feeds, names, limit)

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        frames = self._feeder.frames(rows)
        groups = self._feeder.groups(rows, frames)
        if len(groups) == 1:
            return self._run(rows, limit, frames)
        answers: dict[int, Result | ShopError] = {}
        for group in groups:
            answers.update(
                zip(
                    group, self._run([rows[i] for i in group], limit, [frames[i] for i in group if frames]), strict=True
                )
            )
        return [answers[position] for position in range(len(rows))]

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def most_rows(self) -> int:
        """That go together."""
        return self._manifest.runtime.max_batch if self._feeder.several else 1

    def column_run(self, columns: ColumnBatch, *, seconds: float) -> ColumnRun:
        """Of a table; its parts are run as the engine has time."""
        return ColumnRun(self, columns, seconds)

    @property
    def answer_tensors(self) -> Sequence[str]:
        """Of which answers are made."""
        return self._reader.tensors

    def _run(self, rows: Sequence[Row], limit: Limit, frames: Sequence[Frames]) -> list[Result | ShopError]:
        feeds, windows = self._feeder.feeds(rows), self._feeder.windows
        if windows is None:
            given = self.compute(feeds, self._reader.tensors, limit)
        else:
            given = self._in_windows(windows, rows[0], feeds, self._reader.tensors, limit)
        return self._reader.results(given, rows, frames, fed=feeds)

    def _in_windows(
        self, windows: Windows, row: Row, feeds: dict[str, Any], names: Sequence[str], limit: Limit
    ) -> dict[str, Any]:
        def compute(fed: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
            return self.compute(fed, wanted, limit)

        return dict(windows.run(row, feeds, names, compute, seconds=limit.seconds))
