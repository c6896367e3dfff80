"""One model's rows in one worker. Whatever has ended is settled and whatever waits is claimed in one transaction, so a
slow row holds up nobody's answer and a busy model costs one commit a round."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.predictions import ErrorCode
from services.clock import Clock
from services.errors import ShopError, one_line
from services.files.files import Files
from services.files.store import StoreAway
from services.forecasts.said import NewForecast, forecast_of
from services.inference.engine import Engine
from services.inference.errors import InferenceError, ModelBroken, ModelUnavailable, ServerAway
from services.inference.tensors import ENGLISH, Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec
from services.models.server_watch import ServerWatch
from services.predictions import claims as queue
from services.predictions.elsewhere import LOOK_SECONDS, RunsElsewhere
from services.predictions.error_codes import code_of
from services.predictions.outcomes import Claimed, RunOutcome
from services.predictions.run_files import RunFiles
from services.predictions.settle import settle
from services.predictions.streaks import is_own, is_suspected, judge
from services.waiting import patiently, wait

log = structlog.get_logger()

MAX_CLAIM = 256
ROUNDS_AHEAD = 4  # rows in hand, in batches of the model: what runs and what is made ready meanwhile
PATIENCE = timedelta(minutes=10)  # with a model that is not there, or whose server gives no answer, from the sale on


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What all runners of a worker share. `owners`: Telegram ids of those to tell that a model is stopped, or
    rests."""

    db: Database
    engine: Engine
    files: Files
    clock: Clock
    worker: str
    lease: timedelta
    on_settled: Callable[[], None]
    servers: ServerWatch
    owners: Collection[int] = ()


class ModelRunner:
    def __init__(self, slug: str, context: WorkerContext) -> None:
        self._slug = slug
        self._context = context
        self._held: dict[UUID, Claimed] = {}
        self._runs: dict[UUID, asyncio.Future[Result]] = {}
        self._run_files = RunFiles(context.files)
        self._elsewhere = RunsElsewhere(slug, db=context.db, engine=context.engine, worker=context.worker)
        self._outcomes: list[RunOutcome] = []
        self._more = True  # rows may be waiting
        self._event = asyncio.Event()
        self._writing = asyncio.Lock()  # the same rows twice at once might be locked in two orders
        self._suspect = False  # it has failed by itself
        self._trial = False  # of its example is under way

    @property
    def holds(self) -> set[tuple[UUID, int]]:
        """Prediction and number of each claim that is not settled yet."""
        return {(claimed.id, claimed.attempts) for claimed in self._held.values()}

    def wake(self) -> None:
        self._more = True
        self._event.set()

    async def run(self) -> None:
        """Until nothing waits and nothing runs."""
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._keep_leases(), name=f"leases-{self._slug}")
            try:
                while self._busy:
                    await self._turn()
                    for prediction_id in await self._unwanted():
                        tasks.create_task(self._cancel(prediction_id), name=f"cancel-{prediction_id}")
                    if self._suspect and not self._trial:
                        self._trial = True
                        tasks.create_task(self._try_example(), name=f"trial-{self._slug}")
                    if (self._held or self._trial) and not (self._more and self._room):
                        await wait(self._event, LOOK_SECONDS if self._is_remote else self._renewal)
            finally:
                renewing.cancel()
                for run in self._runs.values():
                    run.cancel()

    @property
    def _busy(self) -> bool:
        return bool(self._held or self._suspect or self._trial or (self._more and self._serves))

    @property
    def _serves(self) -> bool:
        return self._context.engine.serves(self._slug)

    @property
    def _is_remote(self) -> bool:
        return self._manifest is not None and isinstance(self._manifest.runtime, RemoteSpec)

    @property
    def _manifest(self) -> Manifest | None:
        return self._context.engine.manifest(self._slug)

    @property
    def _room(self) -> int:
        manifest = self._manifest
        if manifest is None or not self._serves:
            return 0
        spec = manifest.runtime
        ahead = spec.max_batch * (spec.parallel if isinstance(spec, RemoteSpec) else ROUNDS_AHEAD)
        return min(MAX_CLAIM, ahead) - len(self._held)

    async def _turn(self) -> None:
        self._event.clear()
        outcomes, self._outcomes = self._outcomes, []
        room = self._room if self._more else 0
        if not outcomes and not room:
            return
        if room:
            self._more = False
        outcomes = await asyncio.gather(*map(self._stored, outcomes))
        async with self._writing:
            final, batch = await self._exchange(outcomes, room)
        for outcome in outcomes:
            del self._held[outcome.prediction.id]
        if final:
            self._context.on_settled()
        if any(map(is_own, outcomes)):
            self._suspect = True
        if batch:
            self._more = self._more or len(batch) == room
            await self._start(batch)

    async def _stored(self, outcome: RunOutcome) -> RunOutcome:
        """Its pictures are kept before a row names them. Where they cannot be, it is run again, or paid back."""
        try:
            return await self._run_files.stored(outcome)
        except StoreAway as error:
            log.error("result_not_kept", model=self._slug, error=str(error))
            again = self._may_run_again(outcome.prediction)
            code, text = code_of(error), one_line(error)
            return RunOutcome(prediction=outcome.prediction, error_code=code, error=text, again=again)

    async def _exchange(self, outcomes: Sequence[RunOutcome], room: int) -> tuple[int, list[Claimed]]:
        try:
            return await patiently(
                lambda: self._context.db.write(self._exchange_in, outcomes, room, self._context.clock())
            )
        except Exception:
            if not outcomes:
                raise
            # One result that the database refuses must not take the others with it.
            log.exception("settlement_refused", model=self._slug, predictions=len(outcomes))
        self._more = True
        return sum([await self._settle_alone(outcome) for outcome in outcomes]), []

    def _exchange_in(
        self, session: Session, outcomes: Sequence[RunOutcome], room: int, now: datetime
    ) -> tuple[int, list[Claimed]]:
        worker, until = self._context.worker, now + self._context.lease
        final = settle(session, outcomes, worker, now)
        if not room:
            return final, []
        rows = queue.claim(session, model_slug=self._slug, limit=room, now=now, lease_until=until, worker=worker)
        return final, [Claimed(**row._mapping) for row in rows]

    async def _settle_alone(self, outcome: RunOutcome) -> int:
        context = self._context
        try:
            return await patiently(lambda: context.db.write(settle, [outcome], context.worker, context.clock()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the customer is paid back
            problem = f"the answer cannot be kept: {type(error).__name__}"
        failed = RunOutcome(prediction=outcome.prediction, error_code=ErrorCode.BAD_OUTPUT, error=problem)
        return await patiently(lambda: context.db.write(settle, [failed], context.worker, context.clock()))

    async def _try_example(self) -> None:
        """Whether the model has failed, or its customers' inputs: it is taken off, or not. What fails meanwhile is a
        reason to look once more."""
        self._suspect = False
        try:
            await self._judge()
        except Exception:  # the next failure is looked at again
            log.exception("trial_crashed", model=self._slug)
        finally:
            self._trial = False
            self._event.set()

    async def _judge(self) -> None:
        context = self._context
        if not await patiently(lambda: context.db.read(is_suspected, self._slug)):
            return
        try:
            example = await context.engine.example_problem(self._slug)
        except ServerAway as error:
            context.servers.turned_away(self._slug, one_line(error))
            return
        except ModelUnavailable:
            return
        verdict = partial(judge, example=example, remote=self._is_remote, owners=context.owners)
        if await patiently(lambda: context.db.write(verdict, self._slug, now=context.clock())):
            if self._is_remote:
                context.engine.failing.add(self._slug)
            context.on_settled()  # there is a message

    async def _start(self, batch: Sequence[Claimed]) -> None:
        self._held |= {claimed.id: claimed for claimed in batch}
        try:
            pictures = await patiently(lambda: self._run_files.pictures(self._manifest, batch))
        except StoreAway as error:
            log.error("pictures_not_read", model=self._slug, error=str(error))
            for claimed in batch:
                self._ended(claimed, error)
            return
        languages = await self._languages(batch)
        for claimed in batch:
            row = Row(
                values=claimed.inputs,
                files=pictures.get(claimed.id, {}),
                id=claimed.id,
                report=partial(self._elsewhere.note, claimed.id),
                language=languages.get(claimed.user_id, ENGLISH),
            )
            try:
                run = self._context.engine.predict(self._slug, row)
            except ShopError as error:
                self._ended(claimed, error)
                continue
            self._runs[claimed.id] = run
            run.add_done_callback(partial(self._answered, claimed, self._manifest))

    async def _languages(self, batch: Sequence[Claimed]) -> dict[int, str]:
        """Of the customers, where words are drawn into the answer."""
        manifest = self._manifest
        if manifest is None or not manifest.draws_words:
            return {}
        users = {claimed.user_id for claimed in batch}
        return await patiently(lambda: self._context.db.read(queue.languages, users))

    def _answered(self, claimed: Claimed, manifest: Manifest | None, run: "asyncio.Future[Result]") -> None:
        self._runs.pop(claimed.id, None)
        if run.cancelled():
            return
        error = run.exception()
        if error is None:
            result = run.result()
            self._context.servers.answered(self._slug)
            answer = {"outputs": result.outputs, "advice": result.advice}
            self._outcomes.append(
                RunOutcome(
                    prediction=claimed,
                    result=answer,
                    version=None if manifest is None else manifest.version,
                    images=result.images,
                    forecast=None if manifest is None else _forecast(manifest, claimed, result),
                )
            )
            self._event.set()
        else:
            self._ended(claimed, error)

    def _ended(self, claimed: Claimed, error: BaseException) -> None:
        """Without an answer: run again where that may help, paid back otherwise."""
        untried = isinstance(error, ModelUnavailable) and not self._is_turned_away(claimed, error)
        if isinstance(error, ServerAway):
            self._context.servers.turned_away(self._slug, one_line(error))
        elif isinstance(error, ModelBroken):
            self._context.servers.suspect(self._slug)
        passing = isinstance(error, StoreAway) or (isinstance(error, InferenceError) and error.retryable)
        again = untried or (passing and self._may_run_again(claimed))
        code, text = code_of(error), one_line(error)
        if code is ErrorCode.UNEXPECTED:
            text = f"{type(error).__name__}: {text}"
        log.warning("run_failed", prediction_id=str(claimed.id), model=self._slug, code=code, error=text, again=again)
        outcome = RunOutcome(prediction=claimed, error_code=code, error=text, again=again, untried=untried)
        self._outcomes.append(outcome)
        self._event.set()

    def _is_turned_away(self, claimed: Claimed, error: BaseException) -> bool:
        """By a server that answers checks and no run, for so long that each counts as an attempt."""
        return isinstance(error, ServerAway) and self._context.clock() - claimed.created_at > PATIENCE

    def _may_run_again(self, claimed: Claimed) -> bool:
        manifest = self._manifest
        return manifest is not None and claimed.attempts < manifest.runtime.attempts

    async def _unwanted(self) -> list[UUID]:
        """Runs at a server that their customers have canceled."""
        return await self._elsewhere.look(self._runs) if self._is_remote else []

    async def _cancel(self, prediction_id: UUID) -> None:
        """An answer that is quicker counts."""
        await self._elsewhere.cancel(prediction_id)
        run = self._runs.get(prediction_id)
        if run is not None and run.cancel():
            self._outcomes.append(RunOutcome(prediction=self._held[prediction_id], canceled=True))
            self._event.set()

    async def _keep_leases(self) -> None:
        """Beside the turns, of which one may take longer than a lease: pictures are kept and read in it."""
        context = self._context
        while True:
            await asyncio.sleep(self._renewal)
            if not self._held:
                continue
            try:
                async with self._writing:
                    rows, until = list(self._held), context.clock() + context.lease
                    await context.db.write(queue.renew, rows, worker=context.worker, lease_until=until)
            except DatabaseUnavailable as error:  # the next renewal may still be in time
                log.warning("lease_not_renewed", error=str(error), model=self._slug)

    @property
    def _renewal(self) -> float:
        """Seconds between two."""
        return self._context.lease.total_seconds() / 3


def _forecast(manifest: Manifest, claimed: Claimed, result: Result) -> NewForecast | None:
    """An answer that cannot be read as a forecast is an answer all the same."""
    try:
        return forecast_of(manifest, claimed.inputs, result.outputs)
    except Exception:
        log.exception("forecast_not_read", model=manifest.slug, prediction=str(claimed.id))
        return None
