"""All loaded models of this process: load, swap, predict."""

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from services.inference.batcher import Batcher, Watch
from services.inference.errors import ModelUnavailable
from services.inference.runtimes.base import Limit, Runtime
from services.inference.runtimes.registry import Runtimes
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    manifest: Manifest
    folder: Path
    runtime: Runtime
    batcher: Batcher[Row, Result]


class Engine:
    """Belongs to one event loop. Models run in threads off it: in up to `max_threads` those that compute here, in
    threads of their own kind the others."""

    def __init__(self, runtimes: Runtimes, *, max_threads: int) -> None:
        self._runtimes = runtimes
        own = max_threads + 1  # one is left for the others while a model hangs
        self._threads = {
            kind.name: ThreadPoolExecutor(kind.threads or own, thread_name_prefix=kind.name) for kind in runtimes.kinds
        }
        self._parallel = min(2, max_threads)
        self._models: dict[str, _Loaded] = {}
        self._retiring: set[asyncio.Future[None]] = set()
        self._closed = False

    async def load(self, manifest: Manifest, folder: Path) -> None:
        """Load and warm up, then take the place of the model of the same slug, which still answers the rows it has.

        Raises ManifestError, ModelBroken or RunTimeout; the model that was there stays then.
        """
        loop = asyncio.get_running_loop()
        kind = self._runtimes.of(manifest)
        threads = self._threads[kind.name]
        runtime = await loop.run_in_executor(threads, kind.open, manifest, folder)
        await loop.run_in_executor(threads, runtime.load)
        await _warm_up(runtime, manifest, threads)
        spec = manifest.runtime
        batcher: Batcher[Row, Result] = Batcher(
            runtime.run, executor=threads, max_batch=spec.max_batch, timeout=spec.timeout, parallel=self._parallel
        )
        loaded = _Loaded(manifest=manifest, folder=folder, runtime=runtime, batcher=batcher)
        if self._closed:
            self._retire(loaded, refuse=True)
            raise ModelUnavailable()
        old, self._models[manifest.slug] = self._models.get(manifest.slug), loaded
        if old is not None:
            self._retire(old, refuse=False)

    def unload(self, slug: str) -> None:
        """Forget the model: rows that wait get ModelUnavailable, runs under way are answered."""
        if (loaded := self._models.pop(slug, None)) is not None:
            self._retire(loaded, refuse=True)

    def manifest(self, slug: str) -> Manifest | None:
        loaded = self._models.get(slug)
        return None if loaded is None else loaded.manifest

    def folder(self, slug: str) -> Path | None:
        loaded = self._models.get(slug)
        return None if loaded is None else loaded.folder

    def predict(self, slug: str, row: Row) -> asyncio.Future[Result]:
        """The model's answer. Raises ModelUnavailable, RunTimeout, RunFailed, BadInput, BadOutput, or an InvalidValue
        for a picture that cannot be used."""
        loaded = self._models.get(slug)
        if loaded is None:
            raise ModelUnavailable()
        return loaded.batcher.run(row)

    async def fails(self, slug: str) -> bool:
        """Whether the model fails even with the example of its manifest. Raises ModelUnavailable, also where it cannot
        be reached."""
        loaded = self._models.get(slug)
        if loaded is None:
            raise ModelUnavailable()
        try:
            await _warm_up(loaded.runtime, loaded.manifest, self._threads[self._runtimes.of(loaded.manifest).name])
        except ModelUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, customers would meet it
            log.warning("example_fails", model=slug, error=str(error))
            return True
        return False

    async def close(self) -> None:
        """Refuse the rows that wait, answer those that run, let go of all models."""
        self._closed = True
        for slug in list(self._models):
            self.unload(slug)
        if self._retiring:
            await asyncio.wait(self._retiring)
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _retire(self, loaded: _Loaded, *, refuse: bool) -> None:
        done = loaded.batcher.retire(refuse=refuse)
        self._retiring.add(done)
        done.add_done_callback(self._retiring.discard)
        done.add_done_callback(lambda _: loaded.runtime.close())


async def _warm_up(runtime: Runtime, manifest: Manifest, threads: Executor) -> None:
    loop, limit = asyncio.get_running_loop(), Limit(manifest.runtime.timeout)
    watch = Watch(loop, limit)
    try:
        await loop.run_in_executor(threads, runtime.warm_up, limit)
    finally:
        watch.cancel()
