"""A model of this process with what runs its rows."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from services.inference.awaiting_batcher import AwaitingBatcher
from services.inference.batcher import Batcher, Watch
from services.inference.chat import ChatRuntime
from services.inference.errors import ServerAway
from services.inference.runtimes.base import Limit, RemoteRuntime, Runtime
from services.inference.runtimes.registry import AssistantKind, RemoteKind, RuntimeKind
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec
from services.values.samples import example_row

CHECK_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """Computes in this process, in `threads`."""

    manifest: Manifest
    folder: Path
    runtime: Runtime
    batcher: Batcher[Row, Result]
    threads: Executor

    async def answer_example(self) -> None:
        """Raises what is wrong with its answer."""
        await _warm_up(self.runtime, self.manifest, self.threads)

    def retire(self, *, refuse: bool) -> "asyncio.Future[None]":
        return self.batcher.retire(refuse=refuse)

    async def close_after(self, retired: "asyncio.Future[None]") -> None:
        await retired
        self.runtime.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """Runs at a server."""

    manifest: Manifest
    folder: Path
    runtime: RemoteRuntime
    batcher: AwaitingBatcher[Row, Result]

    async def check(self) -> None:
        """Raises ServerAway, also where it takes too long; ModelBroken."""
        await _check(self.runtime)

    async def answer_example(self) -> None:
        """Raises what is wrong with its answer."""
        await self.check()
        row = await asyncio.to_thread(example_row, self.manifest, self.folder)
        await self.batcher.run(row)

    def retire(self, *, refuse: bool) -> "asyncio.Future[None]":
        return self.batcher.retire(refuse=refuse)

    async def close_after(self, retired: "asyncio.Future[None]") -> None:
        await retired
        await self.runtime.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantModel:
    """Is talked to at a server."""

    manifest: Manifest
    folder: Path
    runtime: ChatRuntime

    async def check(self) -> None:
        """As a `RemoteModel`'s."""
        await _check(self.runtime)

    async def answer_example(self) -> None:
        """Has none; whether it would answer. Raises what `check` does."""
        await self.check()

    def retire(self, *, refuse: bool) -> "asyncio.Future[None]":
        return self.runtime.retire()

    async def close_after(self, retired: "asyncio.Future[None]") -> None:
        await retired
        await self.runtime.close()


AnyModel: TypeAlias = LoadedModel | RemoteModel | AssistantModel


async def load_here(
    kind: RuntimeKind, manifest: Manifest, folder: Path, threads: Executor, *, parallel: int
) -> LoadedModel:
    """Loaded and warm. Raises ManifestError, ModelBroken, RunTimeout."""
    loop = asyncio.get_running_loop()
    runtime = await loop.run_in_executor(threads, kind.open, manifest, folder)
    await loop.run_in_executor(threads, runtime.load)
    await _warm_up(runtime, manifest, threads)
    spec = manifest.runtime
    batcher: Batcher[Row, Result] = Batcher(
        runtime.run, executor=threads, max_batch=spec.max_batch, timeout=spec.timeout, parallel=parallel
    )
    return LoadedModel(manifest=manifest, folder=folder, runtime=runtime, batcher=batcher, threads=threads)


def open_remote(kind: RemoteKind, manifest: Manifest, folder: Path) -> RemoteModel:
    """Nobody is asked yet. Raises ModelBroken."""
    spec = manifest.runtime
    assert isinstance(spec, RemoteSpec)
    runtime = kind.open(manifest, folder)
    batcher: AwaitingBatcher[Row, Result] = AwaitingBatcher(
        runtime.run, max_batch=spec.max_batch, timeout=spec.timeout, parallel=spec.parallel
    )
    return RemoteModel(manifest=manifest, folder=folder, runtime=runtime, batcher=batcher)


def open_assistant(kind: AssistantKind, manifest: Manifest, folder: Path) -> AssistantModel:
    """Nobody is asked yet. Raises ModelBroken."""
    return AssistantModel(manifest=manifest, folder=folder, runtime=kind.open(manifest, folder))


async def _check(runtime: RemoteRuntime | ChatRuntime) -> None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await runtime.check()
    except TimeoutError:
        raise ServerAway(problem=f"no answer in {CHECK_SECONDS:g} s") from None


async def _warm_up(runtime: Runtime, manifest: Manifest, threads: Executor) -> None:
    loop, limit = asyncio.get_running_loop(), Limit(manifest.runtime.timeout)
    watch = Watch(loop, limit)
    try:
        await loop.run_in_executor(threads, runtime.warm_up, limit)
    finally:
        watch.cancel()
