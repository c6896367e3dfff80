"""All models of this process: load, swap, predict."""

import asyncio
import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from services.inference.chat import ChatRuntime
from services.inference.errors import ModelUnavailable
from services.inference.loaded import (
    AnyModel,
    AssistantModel,
    LoadedModel,
    RemoteModel,
    load_here,
    open_assistant,
    open_remote,
)
from services.inference.runtimes.base import ColumnRuntime
from services.inference.runtimes.registry import AssistantKind, RemoteKind, Runtimes
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest

if TYPE_CHECKING:
    from services.inference.columns import AnswerColumns, ColumnBatch

log = structlog.get_logger()


class Engine:
    """Belongs to one event loop. Models that compute here run in threads off it, up to `max_threads` at once, each kind
    in threads of its own; models at servers are awaited."""

    def __init__(self, runtimes: Runtimes, *, max_threads: int) -> None:
        self._runtimes = runtimes
        own = max_threads + 1  # one is left for the others while a model hangs
        self._threads = {
            kind.name: ThreadPoolExecutor(kind.threads or own, thread_name_prefix=kind.name) for kind in runtimes.local
        }
        self._parallel = min(2, max_threads)
        self._models: dict[str, AnyModel] = {}
        self._resting: set[str] = set()
        self.failing: set[str] = set()
        """Slugs of models that rest since their runs do nothing but fail; they take no rows."""
        self._retiring: set[asyncio.Future[None]] = set()
        self._closed = False

    async def load(self, manifest: Manifest, folder: Path) -> None:
        """Load and warm up, then take the place of the model of the same slug, which still answers the rows it has. A
        model at a server is not asked for yet.

        Raises ManifestError, ModelBroken or RunTimeout; the model that was there stays then.
        """
        kind = self._runtimes.of(manifest)
        loaded: AnyModel
        if isinstance(kind, RemoteKind):
            loaded = open_remote(kind, manifest, folder)
        elif isinstance(kind, AssistantKind):
            loaded = open_assistant(kind, manifest, folder)
        else:
            loaded = await load_here(kind, manifest, folder, self._threads[kind.name], parallel=self._parallel)
        if self._closed:
            self._retire(loaded, refuse=True)
            raise ModelUnavailable()
        old, self._models[manifest.slug] = self._models.get(manifest.slug), loaded
        self._resting.discard(manifest.slug)
        if old is not None:
            self._retire(old, refuse=False)

    def unload(self, slug: str) -> None:
        """Forget the model: rows that wait get ModelUnavailable, runs under way are answered."""
        self._resting.discard(slug)
        if (loaded := self._models.pop(slug, None)) is not None:
            self._retire(loaded, refuse=True)

    def manifest(self, slug: str) -> Manifest | None:
        loaded = self._models.get(slug)
        return None if loaded is None else loaded.manifest

    def folder(self, slug: str) -> Path | None:
        loaded = self._models.get(slug)
        return None if loaded is None else loaded.folder

    def serves(self, slug: str) -> bool:
        """Whether it takes rows now: it is loaded, and its server, if it has one, is not known to be away or to fail
        all its runs."""
        return slug in self._models and slug not in self._resting and slug not in self.failing

    def rest(self, slug: str, resting: bool) -> None:
        """Its server is away, or back."""
        (self._resting.add if resting else self._resting.discard)(slug)

    @property
    def slugs(self) -> Iterable[str]:
        """Of all models that are loaded."""
        return list(self._models)

    @property
    def remote(self) -> Iterable[str]:
        """Slugs of models at servers, assistants too."""
        return [slug for slug, loaded in self._models.items() if isinstance(loaded, RemoteModel | AssistantModel)]

    @property
    def assistants(self) -> Iterable[str]:
        """Slugs of models that are talked to."""
        return [slug for slug, loaded in self._models.items() if isinstance(loaded, AssistantModel)]

    def assistant(self, slug: str) -> ChatRuntime:
        """What answers for it. Raises ModelUnavailable."""
        loaded = self._models.get(slug)
        if not isinstance(loaded, AssistantModel):
            raise ModelUnavailable()
        return loaded.runtime

    def predict(self, slug: str, row: Row) -> asyncio.Future[Result]:
        """The model's answer. Raises ModelUnavailable, RunTimeout, RunFailed, BadInput, BadOutput, RequestRefused, or
        an InvalidValue for a picture that cannot be used."""
        loaded = self._models.get(slug)
        if loaded is None or isinstance(loaded, AssistantModel):
            raise ModelUnavailable()
        return loaded.batcher.run(row)

    async def score(self, slug: str, columns: "ColumnBatch", *, seconds: float = math.inf) -> "AnswerColumns":
        """The answers to rows of a table, as many of the first as there are in so many seconds, at least one; between
        them those come first who wait for one row. A row that cannot be answered fails alone. Raises ModelUnavailable:
        nothing is known of these rows then."""
        loaded = self._models.get(slug)
        if isinstance(loaded, LoadedModel) and isinstance(loaded.runtime, ColumnRuntime):
            run = loaded.runtime.column_run(columns, seconds=seconds)
            while not run.done:
                await loaded.batcher.aside(run.go)
            return run.answers
        if loaded is None or isinstance(loaded, AssistantModel):
            raise ModelUnavailable()
        from services.inference.row_scoring import (
            score_by_rows,
        )  # numpy, which a shop of models at servers does without

        return await score_by_rows(loaded, columns, seconds=seconds)

    async def cancel(self, slug: str, prediction_id: UUID) -> None:
        """Nobody wants this answer any more: tell the server that works on it. What computes here goes on to its
        end. Raises ServerAway."""
        loaded = self._models.get(slug)
        if isinstance(loaded, RemoteModel):
            await loaded.runtime.cancel(prediction_id)

    async def check(self, slug: str) -> None:
        """The server of a remote model would answer now. Raises ServerAway, ModelBroken, ModelUnavailable."""
        loaded = self._models.get(slug)
        if not isinstance(loaded, RemoteModel | AssistantModel):
            raise ModelUnavailable()
        await loaded.check()

    async def example_problem(self, slug: str) -> str | None:
        """What is wrong with the model's answer to the example of its manifest. Raises ModelUnavailable, also where it
        cannot be reached."""
        loaded = self._models.get(slug)
        if loaded is None:
            raise ModelUnavailable()
        try:
            await loaded.answer_example()
        except ModelUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, customers would meet it
            log.warning("example_fails", model=slug, error=str(error))
            return str(error) or type(error).__name__
        return None

    async def close(self) -> None:
        """Refuse the rows that wait, answer those that run here, leave to servers what they work on, cut assistants
        short, let go of all models."""
        self._closed = True
        for slug, loaded in list(self._models.items()):
            if isinstance(loaded, RemoteModel):
                loaded.batcher.stop()
            elif isinstance(loaded, AssistantModel):
                await loaded.runtime.close()
            self.unload(slug)
        if self._retiring:
            await asyncio.wait(self._retiring)
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _retire(self, loaded: AnyModel, *, refuse: bool) -> None:
        retired = loaded.retire(refuse=refuse)
        closing = asyncio.get_running_loop().create_task(loaded.close_after(retired))
        self._retiring.add(closing)
        closing.add_done_callback(self._retiring.discard)
