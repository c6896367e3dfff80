"""Runs predictions: loads the models, and says which can be served."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from prometheus_client import Counter

from bot.parts.core import Core
from bot.parts.part import Part
from bot.wiring.forecasts import open_schedule
from services.chats.worker import AnswerWorker
from services.coordination.base import Topic
from services.forecasts.weekly import OUTCOMES, WeeklyForecasts
from services.inference.engine import Engine
from services.inference.runtimes.registry import Runtimes
from services.models.uploads.checks import UploadChecks
from services.models.uploads.comparison_worker import ComparisonWorker
from services.models.uploads.inspection import Inspection
from services.models.uploads.trial_worker import TrialWorker
from services.predictions.worker import Worker
from services.scoring.worker import ScoringWorker

MODEL_THREADS = 2


class WorkerPart(Part):
    def __init__(self, core: Core, runtimes: Runtimes) -> None:
        self._core = core
        self.engine = Engine(runtimes, max_threads=MODEL_THREADS)
        told = partial(core.coordination.tell, Topic.NEWS)
        files, owners = core.services.files, core.settings.owner_ids
        self._worker = Worker(core.db, self.engine, core.clock, files, told, owners=owners)
        core.coordination.hear(Topic.SOLD, self._worker.wake)
        self._answers = AnswerWorker(
            core.db,
            self.engine,
            core.clock,
            files,
            core.services.answer_streams,
            on_settled=told,
            on_away=self._worker.on_away,
            owners=owners,
        )
        self._checks = UploadChecks(
            db=core.db,
            contents=core.services.upload_contents,
            clock=core.clock,
            on_checked=told,
            inspection=Inspection(place=core.settings.checks_dir),
        )
        self._trials = TrialWorker(
            db=core.db, shelf=core.services.upload_shelf, files=files, clock=core.clock, on_tried=told
        )
        self._comparisons = ComparisonWorker(
            db=core.db, shelf=core.services.upload_shelf, files=files, clock=core.clock, on_compared=told
        )
        core.coordination.hear(Topic.ASKED, self._answers.wake)
        core.coordination.hear(Topic.STOP, self._stop_answer)
        self._scorings = ScoringWorker(
            core.db,
            self.engine,
            core.clock,
            files,
            on_settled=told,
            on_away=self._worker.on_away,
        )
        core.coordination.hear(Topic.TABLES, lambda _: self._scorings.wake())
        forecasts = Counter("kassandra_forecasts", "Tries of weekly forecasts by what came", ["outcome"], registry=None)
        for outcome in OUTCOMES:
            forecasts.labels(outcome=outcome)
        core.health.registry.register(forecasts)
        self._forecasts = WeeklyForecasts(
            core.db,
            self.engine,
            core.services.market,
            core.clock,
            open_schedule(core.settings),
            doubted=lambda: core.clock.is_doubted,
            on_outcome=lambda outcome: forecasts.labels(outcome=outcome).inc(),
        )

    def start(self) -> None:
        self._core.supervisor.keep(self._worker.run, name="worker")
        self._core.supervisor.keep(self._answers.run, name="answers")
        self._core.supervisor.keep(self._checks.run, name="upload-checks")
        self._core.supervisor.keep(self._scorings.run, name="scorings")
        self._core.supervisor.keep(self._forecasts.run, name="weekly-forecasts")
        self._core.supervisor.keep(self._trials.run, name="trials")
        self._core.supervisor.keep(self._comparisons.run, name="comparisons")

    def _stop_answer(self, told: str) -> None:
        if told:  # else something was missed: the row says so, too
            self._answers.stop(UUID(told))

    async def close(self) -> None:
        await self.engine.close()

    @property
    def rounds(self) -> Mapping[str, Callable[[], float | None]]:
        return {"worker": lambda: self._worker.came_round, "answers": lambda: self._answers.came_round}
