"""The first run of a version: in the process that it will be run in for customers."""

import time
from pathlib import Path

from db.base import JsonObject
from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime
from services.manifests.manifest import Manifest
from services.values.samples import example_row


def first_run(manifest: Manifest, folder: Path) -> JsonObject:
    """What the example is and what it gives, in how many milliseconds, with how many megabytes. Raises ModelBroken,
    RunTimeout, or another ShopError that says what is wrong with the answer."""
    runtime = IsolatedOnnxRuntime(manifest, folder)
    try:
        runtime.load()
        row = example_row(manifest, folder)
        with watched(Limit(manifest.runtime.timeout)) as limit:
            runtime.warm_up(limit)
            begun = time.perf_counter()
            (answer,) = runtime.run([row], limit)
            took = time.perf_counter() - begun
        if isinstance(answer, ShopError):
            raise answer
        return {
            "inputs": row.values,
            "outputs": answer.outputs,
            "advice": answer.advice,
            "milliseconds": max(1, round(took * 1000)),
            "megabytes": megabytes_of(runtime.process_id),
        }
    finally:
        runtime.close()


def megabytes_of(process_id: int | None) -> int | None:
    """What the process took at its highest point; None where the system does not tell it."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return None
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return None if peak is None else round(int(peak) * 1024 / 1_000_000)
