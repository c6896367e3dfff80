"""Gives the answers that were sold. What has ended is settled and what waits is claimed in one transaction, in which
the requests that will be made are written down; how far all answers have come is kept once a second, in one, too."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session

from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.chats import FinishReason
from db.tables.predictions import ErrorCode
from services.chats import claims, journal
from services.chats.answering import Answering, AnsweringContext
from services.chats.claims import ClaimedAnswer
from services.chats.conversation import Asked, CannotBeAsked, Conversation, read_asked, read_conversation
from services.chats.recovery import give_up, recover, refund_abandoned
from services.chats.settle import AnswerOutcome, settle
from services.chats.streams import AnswerProgress, AnswerStreams
from services.clock import Clock
from services.errors import one_line
from services.files.files import Files
from services.inference.engine import Engine
from services.waiting import patiently, wait

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=15)
LOOK_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0  # where nobody is talked to: another worker's answers may be left
TELL_SECONDS: Final = 0.5
DRAIN_SECONDS: Final = 3.0  # at the end, for answers that are nearly there
GRACE_SECONDS: Final = 2.0  # and for what is cut short then


class AnswerWorker:
    """`on_settled` is called when answers are ready to be sent; `on_away` gets the slug of an assistant that did not
    answer. `owners`: Telegram ids of those to tell of answers that cost the shop more than was held."""

    def __init__(
        self,
        db: Database,
        engine: Engine,
        clock: Clock,
        files: Files,
        streams: AnswerStreams,
        *,
        on_settled: Callable[[], None],
        on_away: Callable[[str], None],
        lease: timedelta = LEASE,
        owners: Collection[int] = (),
    ) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.came_round: float | None = None  # loop time of the latest look at what waits
        self._db, self._engine, self._clock, self._lease = db, engine, clock, lease
        self._streams, self._on_settled, self._owners = streams, on_settled, owners
        self._context = AnsweringContext(db=db, engine=engine, files=files, clock=clock, on_away=on_away)
        self._running: dict[UUID, Answering] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[AnswerOutcome] = []
        self._waiting: set[str] = set()
        self._told: dict[UUID, int] = {}  # characters of each answer that its customer has seen
        self._wake = asyncio.Event()

    def wake(self, slug: str) -> None:
        """This assistant has something to answer; without a slug, one may have."""
        if slug:
            self._waiting.add(slug)
            self._wake.set()

    def stop(self, answer_id: UUID) -> None:
        """Its customer wants it no more."""
        if (answering := self._running.get(answer_id)) is not None:
            answering.stop(FinishReason.STOPPED)

    async def run(self) -> None:
        """Until cancelled; then what is under way is settled with what has come of it."""
        look_at = 0.0
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_all(), name="answers-kept")
            tasks.create_task(self._tell_all(), name="answers-told")
            try:
                while True:
                    now = self.came_round = asyncio.get_running_loop().time()
                    if now >= look_at:
                        await self._look()
                        look_at = now + (LOOK_SECONDS if any(self._engine.assistants) else IDLE_SECONDS)
                    self._wake.clear()
                    await self._turn(tasks)
                    await wait(self._wake, look_at - asyncio.get_running_loop().time())
            except asyncio.CancelledError:
                await self._wind_up()
                raise

    async def run_waiting(self) -> None:
        """Answer what waits now, until nothing is left."""
        async with asyncio.TaskGroup() as tasks:
            await self._look()
            while self._rooms() or self._tasks or self._outcomes:
                self._wake.clear()
                await self._turn(tasks)
                if self._tasks and not self._outcomes:
                    await self._wake.wait()

    async def _look(self) -> None:
        """At answers of workers that died, at such as nobody will ever give, and at what waits."""
        now = self._clock()
        try:
            ended = 0
            if await self._db.read(claims.any_overdue, now):
                ended = await self._recover(now)
            waiting = await self._db.read(claims.waiting_assistants, now)
            if not all(self._engine.serves(slug) for slug in waiting):
                ended += await self._db.write(refund_abandoned, now)
        except DatabaseUnavailable as error:
            log.warning("worker_waits_for_database", error=str(error))
            return
        except Exception:  # a bug with what is left of others must not cut what is under way here
            log.exception("look_failed")
            return
        self._waiting |= set(waiting)
        if ended:
            self._on_settled()

    async def _recover(self, now: datetime) -> int:
        mine = set(self._running) | {outcome.answer.id for outcome in self._outcomes}
        try:
            return await self._db.write(recover, now, mine)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("recovery_refused")
        ended = 0
        for answer_id in set(await self._db.read(claims.overdue_ids, now)) - mine:
            try:  # one of which nothing can be known must not take the others with it
                ended += await self._db.write(recover, now, mine, answer_id)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                log.exception("answer_not_recovered", answer_id=str(answer_id))
                ended += await self._give_up(answer_id, one_line(error) or type(error).__name__)
        return ended

    async def _turn(self, tasks: asyncio.TaskGroup) -> None:
        """Settle what has ended, begin what waits."""
        outcomes, self._outcomes = self._outcomes, []
        rooms = self._rooms()
        if not outcomes and not rooms:
            return
        self._waiting -= set(rooms)
        try:
            begun = await self._exchange(outcomes, rooms)
        except asyncio.CancelledError:
            self._outcomes = [*outcomes, *self._outcomes]  # settled on the way out; twice changes nothing
            raise
        for outcome in outcomes:  # nothing is drawn over what is sent next
            self._tell(outcome.answer, "", done=True)
        if outcomes:
            self._on_settled()
        for answer, conversation in begun:
            self._begin(answer, conversation, tasks)
        full = Counter(answer.model_slug for answer, _ in begun)
        self._waiting |= {slug for slug, count in full.items() if count == rooms[slug]}
        if outcomes:
            self._waiting |= {outcome.answer.model_slug for outcome in outcomes}
        if self._waiting and self._rooms():
            self._wake.set()

    def _rooms(self) -> dict[str, int]:
        """How many answers each assistant that has some waiting may begin now."""
        running = Counter(each.answer.model_slug for each in self._running.values())
        rooms = {}
        for slug in self._waiting:
            manifest = self._engine.manifest(slug)
            if manifest is not None and self._engine.serves(slug):
                rooms[slug] = getattr(manifest.runtime, "parallel", 1) - running[slug]
        return {slug: room for slug, room in rooms.items() if room > 0}

    async def _exchange(
        self, outcomes: Sequence[AnswerOutcome], rooms: dict[str, int]
    ) -> list[tuple[ClaimedAnswer, Conversation]]:
        try:
            return await patiently(lambda: self._db.write(self._exchange_in, outcomes, rooms, self._clock()))
        except Exception:  # a bug with what waits must not cut answers that are under way
            log.exception("exchange_refused", answers=len(outcomes), assistants=sorted(rooms))
        for outcome in outcomes:  # one that the database refuses must not take the others with it
            await self._settle_alone(outcome)
        begun = [await self._claim_alone(slug, room) for slug, room in rooms.items()]
        return [pair for pairs in begun for pair in pairs]

    async def _claim_alone(self, slug: str, room: int) -> list[tuple[ClaimedAnswer, Conversation]]:
        """Nor must one assistant hold up the others, nor one message those behind it."""
        while True:
            try:
                return await patiently(lambda: self._db.write(self._exchange_in, [], {slug: room}, self._clock()))
            except CannotBeAsked as error:
                log.exception("message_cannot_be_asked", answer_id=str(error.answer_id))
                if not await self._give_up(error.answer_id, error.problem):
                    return []
            except Exception:
                log.exception("claim_refused", assistant=slug)
                return []

    async def _give_up(self, answer_id: UUID, problem: str) -> bool:
        """Whether it could be; else it is looked at again the next time."""
        try:
            given_up = await patiently(lambda: self._db.write(give_up, answer_id, problem, self._clock()))
        except Exception:
            log.exception("answer_not_given_up", answer_id=str(answer_id))
            return False
        self._on_settled()
        return given_up

    def _exchange_in(
        self, session: Session, outcomes: Sequence[AnswerOutcome], rooms: dict[str, int], now: datetime
    ) -> list[tuple[ClaimedAnswer, Conversation]]:
        settle(session, outcomes, self.name, now, owners=self._owners)
        begun: list[tuple[ClaimedAnswer, Conversation]] = []
        for slug, room in sorted(rooms.items()):
            until = now + self._lease
            claimed = claims.claim(session, model_slug=slug, limit=room, now=now, lease_until=until, worker=self.name)
            asked = read_asked(session, claimed) if claimed else {}
            prepared = [self._prepared(session, answer, asked, now) for answer in claimed]
            begun += [pair for pair in prepared if pair is not None]
        requests = {answer.id: conversation.payload() for answer, conversation in begun}
        journal.begin(session, requests, attempt=1, now=now)  # what was begun is never claimed again
        return begun

    def _prepared(
        self, session: Session, answer: ClaimedAnswer, asked: Asked, now: datetime
    ) -> tuple[ClaimedAnswer, Conversation] | None:
        """With what is asked; None where there is nothing to answer any more. Raises CannotBeAsked."""
        manifest = self._engine.manifest(answer.model_slug)
        known = manifest is not None and manifest.is_assistant  # else its author made something else of it
        conversation = read_conversation(session, answer, manifest, asked) if manifest and known else None
        if conversation is None:
            gone = AnswerOutcome(answer=answer, error_code=ErrorCode.MODEL_UNAVAILABLE, error="nothing to answer")
            settle(session, [gone], self.name, now)
            return None
        return answer, conversation

    async def _settle_alone(self, outcome: AnswerOutcome) -> None:
        try:
            await patiently(lambda: self._db.write(settle, [outcome], self.name, self._clock(), owners=self._owners))
        except Exception as error:
            log.exception("answer_not_kept", answer_id=str(outcome.answer.id))
            problem = f"the answer cannot be kept: {type(error).__name__}"
            failed = AnswerOutcome(answer=outcome.answer, error_code=ErrorCode.BAD_OUTPUT, error=problem)
            await patiently(lambda: self._db.write(settle, [failed], self.name, self._clock()))

    def _begin(self, answer: ClaimedAnswer, conversation: Conversation, tasks: asyncio.TaskGroup) -> None:
        answering = Answering(answer, conversation, self._context, self._first)
        self._running[answer.id] = answering
        self._tell(answer, "")
        task = tasks.create_task(self._answer(answering), name=f"answer-{answer.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, answering: Answering) -> None:
        try:
            outcome = await answering.run()
        finally:
            self._running.pop(answering.answer.id, None)
            self._told.pop(answering.answer.id, None)
        self._outcomes.append(outcome)
        self._wake.set()

    def _first(self, answering: Answering) -> None:
        self._tell(answering.answer, answering.text)

    def _tell(self, answer: ClaimedAnswer, text: str, *, done: bool = False) -> None:
        if not done:
            self._told[answer.id] = len(text)
        self._streams.tell(
            AnswerProgress(answer_id=answer.id, user_id=answer.user_id, place=answer.place, text=text, done=done)
        )

    async def _tell_all(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            for answering in list(self._running.values()):
                if len(answering.text) > self._told.get(answering.answer.id, 0):
                    self._tell(answering.answer, answering.text)

    async def _keep_all(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._running:
                continue
            try:
                unwanted = await self._db.write(self._keep, list(self._running.values()), self._clock())
            except DatabaseUnavailable as error:  # the next time may still be within the lease
                log.warning("answers_not_kept", error=str(error))
                continue
            except Exception:  # a bug must not cut all answers short
                log.exception("answers_not_kept")
                continue
            for answer_id in unwanted:
                self.stop(answer_id)

    def _keep(self, session: Session, running: Sequence[Answering], now: datetime) -> set[UUID]:
        kept = [
            {
                "answer": each.answer.id,
                "so_far": each.text or None,
                "first": each.first_token_at,
                "until": now + self._lease,
            }
            for each in running
        ]
        return claims.keep(session, kept, worker=self.name)

    async def _wind_up(self) -> None:
        """Let what is under way end, cut short what does not soon, and settle it; what cannot be settled now is when
        its lease has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)
        for answering in list(self._running.values()):
            answering.stop(FinishReason.CUT)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        outcomes, self._outcomes = self._outcomes, []
        with suppress(DatabaseUnavailable):
            await self._db.write(self._exchange_in, outcomes, {}, self._clock())
