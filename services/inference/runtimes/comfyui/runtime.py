"""A workflow at a ComfyUI server: a job of each row, known there by the prediction's id."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from services.errors import ShopError
from services.inference.errors import ModelBroken, ServerAway
from services.inference.runtimes.comfyui.client import ComfyUIClient
from services.inference.runtimes.comfyui.graph import BoundWorkflow, bind
from services.inference.runtimes.comfyui.job import ComfyUIJob, WorkerStuck
from services.inference.runtimes.comfyui.requirements import check_nodes
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.inference.runtimes.comfyui.watching import EVERY_SECONDS
from services.inference.runtimes.comfyui.workflow import WorkflowUnfit, read_workflow
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest


class ComfyUIRuntime:
    """`every`: seconds between two looks at a job."""

    def __init__(self, manifest: Manifest, folder: Path, *, every: float = EVERY_SECONDS) -> None:
        spec = manifest.runtime
        assert isinstance(spec, ComfyUISpec)
        self._seconds, self._every = spec.timeout, every
        self._bound = _bound(manifest, spec, folder)
        self._client = _client(spec)
        self._jobs: dict[UUID, ComfyUIJob] = {}
        self._stuck: str | None = None
        """A job that ran on when it was told to stop, or in front of ours for as long as we waited."""

    async def check(self) -> None:
        await self._client.stats()
        await self._check_worker()
        await check_nodes(self._client, self._bound)

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        return [await self._run(row, row.id or uuid4()) for row in rows]

    async def cancel(self, prediction_id: UUID) -> None:
        if (job := self._jobs.get(prediction_id)) is not None:
            job.is_wanted = False
        await self._client.cancel(prediction_id)

    async def close(self) -> None:
        await self._client.close()

    async def _run(self, row: Row, job_id: UUID) -> Result:
        await self._check_worker()
        job = ComfyUIJob(
            client=self._client, bound=self._bound, id=job_id, row=row, seconds=self._seconds, every=self._every
        )
        self._jobs[job_id] = job
        try:
            return await job.run()
        except WorkerStuck as stuck:
            self._stuck = stuck.runs
            raise _away(stuck.runs) from stuck
        finally:
            del self._jobs[job_id]

    async def _check_worker(self) -> None:
        """A dead worker is not seen from outside but by a job that never ends. Raises ServerAway."""
        if self._stuck is None:
            return
        running, _ = await self._client.queue()
        if self._stuck in running:
            raise _away(self._stuck)
        self._stuck = None


def _away(job: str) -> ServerAway:
    return ServerAway(problem=f"the job {job} runs there and does not end; restart ComfyUI")


def _client(spec: ComfyUISpec) -> ComfyUIClient:
    try:
        return ComfyUIClient(spec.url, spec.sent_headers())
    except KeyError as error:
        problem = f"the variable {error.args[0]} is not set"
        raise ModelBroken(problem=problem, fix="Set it in the environment of the shop, or change headers") from None


def _bound(manifest: Manifest, spec: ComfyUISpec, folder: Path) -> BoundWorkflow:
    """Raises ModelBroken: the files may have changed since the manifest was read."""
    try:
        return bind(manifest, spec.seed, read_workflow(folder / spec.workflow))
    except WorkflowUnfit as error:
        raise ModelBroken(problem=f"{error.key}: {error.problem}", fix=error.fix) from None
    except OSError as error:
        raise ModelBroken(problem=f"{spec.workflow}: {error.strerror}", fix="Check the file") from None
