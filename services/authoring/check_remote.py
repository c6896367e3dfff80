"""`kassandra models check` of a model at a server: that it is there, and what it says to the example."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.authoring.check_answers import answers_in_words
from services.errors import ShopError
from services.inference.check_batch import batch_line
from services.inference.check_line import CheckLine
from services.inference.errors import ModelBroken, RunTimeout, ServerAway
from services.inference.loaded import RemoteModel, open_remote
from services.inference.runtimes.base import Limit
from services.inference.runtimes.registry import RemoteKind
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec
from services.values.samples import example_row


def check_remote(kind: RemoteKind, manifest: Manifest, folder: Path) -> Iterator[CheckLine]:
    """Owns an event loop while it runs."""
    yield from asyncio.run(_check(kind, manifest, folder))


async def _check(kind: RemoteKind, manifest: Manifest, folder: Path) -> list[CheckLine]:
    spec = manifest.runtime
    assert isinstance(spec, RemoteSpec)
    try:
        model = open_remote(kind, manifest, folder)
    except ModelBroken as error:
        return [CheckLine(what="model", ok=False, detail=error.problem, fix=error.fix)]
    try:
        await model.check()
        lines = [CheckLine(what="server", ok=True, detail=f"{spec.url} has the model"), await _example(model)]
        batch = await _batch(model) if lines[-1].ok else None
        return lines if batch is None else [*lines, batch]
    except ModelBroken as error:
        return [CheckLine(what="server", ok=False, detail=error.problem, fix=error.fix)]
    except ServerAway as error:
        return [
            CheckLine(what="server", ok=False, detail=f"{spec.url}: {error.problem}", fix="Start it, or correct url")
        ]
    finally:
        await model.close_after(model.batcher.retire(refuse=True))


async def _example(model: RemoteModel) -> CheckLine:
    begun = time.perf_counter()
    try:
        answer = await model.batcher.run(example_row(model.manifest, model.folder))
    except ModelBroken as error:
        return CheckLine(what="example", ok=False, detail=error.problem, fix=error.fix)
    except ServerAway as error:
        return CheckLine(what="example", ok=False, detail=error.problem, fix="Try again once the server answers")
    except ShopError as error:
        fix = getattr(error, "fix", "") or "Correct the example, or what the manifest says of the answer"
        return CheckLine(what="example", ok=False, detail=str(error), fix=fix)
    seconds = time.perf_counter() - begun
    return CheckLine(what="example", ok=True, detail=f"{answers_in_words(answer)} in {seconds * 1000:.1f} ms")


async def _batch(model: RemoteModel) -> CheckLine | None:
    """Whether customers' rows keep apart in one request. None where they do not share any."""
    loop, seconds = asyncio.get_running_loop(), model.manifest.runtime.timeout

    def run(rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        future = asyncio.run_coroutine_threadsafe(model.runtime.run(rows), loop)
        try:
            return future.result(limit.seconds)
        except TimeoutError:
            future.cancel()
            raise RunTimeout(seconds=limit.seconds) from None

    row = example_row(model.manifest, model.folder)
    return await asyncio.to_thread(batch_line, run, model.manifest, row, Limit(seconds))
