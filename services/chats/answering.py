"""One answer under way: an assistant is asked, what comes is kept, and there is one outcome however it ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from db.engine import Database
from db.tables.chats import FinishReason
from db.tables.predictions import ErrorCode
from services.chats import journal
from services.chats.claims import ClaimedAnswer
from services.chats.conversation import Conversation, UnheardVoice
from services.chats.hearing import note_heard, sound_of
from services.chats.journal import SHOP_ENDED, STOPPED, RequestOutcome
from services.chats.settle import AnswerOutcome
from services.chats.visible import is_visible
from services.clock import Clock
from services.errors import ShopError, one_line
from services.files.files import Files
from services.inference.chat import ChatRequest, StreamEnd, TextDelta
from services.inference.engine import Engine
from services.inference.errors import ContextTooLong, InferenceError, ModelBroken, PictureGone, RunFailed, ServerAway
from services.predictions.error_codes import code_of
from services.waiting import patiently, wait

log = structlog.get_logger()

PAUSE: Final = 1.0  # seconds before another try; doubles
LONGEST_PAUSE: Final = 20.0  # that a customer is let wait for a server that says when to come back


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringContext:
    """What all answers of a worker share. `on_away` gets the slug of an assistant whose server gave no answer, or none
    that an operator need not mend."""

    db: Database
    engine: Engine
    files: Files
    clock: Clock
    on_away: Callable[[str], None]


class Stopped(Exception):
    """It is wanted no more, or this process ends."""


@dataclass(slots=True)
class Answering:
    """`text` and `first_token_at` may be looked at while it runs."""

    answer: ClaimedAnswer
    conversation: Conversation
    context: AnsweringContext
    on_first: "Callable[[Answering], None]"
    text: str = ""
    first_token_at: datetime | None = None
    finish: FinishReason | None = None
    """Why it was stopped, or that it broke off."""
    _attempt: int = 1
    _listened: int = 0  # requests before the first one for an answer
    _begun: float = field(default_factory=time.monotonic)
    _first_ms: int | None = None
    _deadline: asyncio.Timeout | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, why: FinishReason) -> None:
        """Close the connection; `run` ends soon."""
        if self.finish is None:
            self.finish = why
        self._stopping.set()
        if self._deadline is not None:
            with suppress(RuntimeError):  # it has just ended
                self._deadline.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> AnswerOutcome:
        """Its first request is in the journal. Raises nothing but CancelledError."""
        try:
            return await self._try()
        except Stopped:
            if self.finish is FinishReason.CUT:
                return self._outcome(error=SHOP_ENDED, code=ErrorCode.RUN_LOST)
            return self._outcome(error=STOPPED)
        except Exception as error:  # whatever it is, the customer gets the text, or is paid back
            if not isinstance(error, ShopError):
                log.exception("answer_crashed", answer_id=str(self.answer.id))
            return self._failed(error)

    async def _try(self) -> AnswerOutcome:
        if self.conversation.voice is not None:
            await self._listen(self.conversation.voice)
        pictures = await self._pictures()
        spec = self.conversation
        attempts = self._attempts()
        while True:
            try:
                return self._ended(await self._ask(self.conversation.request(pictures)))
            except ContextTooLong as error:
                shorter = spec.shorter() if self.conversation is spec else None
                if shorter is None or self.text or not error.retryable:
                    raise
                self.conversation = shorter
                await self._again("the context is too long", 0.0)
            except InferenceError as error:
                if isinstance(error, ServerAway | ModelBroken):
                    self.context.on_away(self.answer.model_slug)
                pause = self._pause(error)
                if not error.retryable or self.text or self._attempt >= attempts or pause > LONGEST_PAUSE:
                    raise
                await self._again(one_line(error), pause)

    async def _listen(self, voice: UnheardVoice) -> None:
        """What was said becomes the message. There is one attempt, and the row has it before anything is asked."""
        sound = await sound_of(voice.file_id, self.answer.user_id, self.context.files)
        try:
            async with self._stoppable():
                said = await self.context.engine.assistant(self.answer.model_slug).transcribe(sound)
        except (ServerAway, ModelBroken):
            self.context.on_away(self.answer.model_slug)
            raise
        conversation = self.conversation.heard(said)
        before = RequestOutcome(attempt=self._attempt, response={"text": said}, response_ms=self._elapsed())
        db, clock, answer = self.context.db, self.context.clock, self.answer
        if not await patiently(lambda: db.write(note_heard, answer, conversation, before, clock())):
            self.stop(FinishReason.STOPPED)
            raise Stopped
        self.conversation, self._attempt, self._listened = conversation, self._attempt + 1, 1

    async def _ask(self, request: ChatRequest) -> StreamEnd:
        async with self._stoppable():
            runtime = self.context.engine.assistant(self.answer.model_slug)
            async with aclosing(runtime.stream(request)) as events:
                async for event in events:
                    if isinstance(event, StreamEnd):
                        return event
                    self._take(event)
        raise RunFailed(problem="the stream ended without an end")

    @asynccontextmanager
    async def _stoppable(self) -> AsyncGenerator[None, None]:
        """A request, which `stop` ends. Raises Stopped."""
        if self._stopping.is_set():
            raise Stopped
        self._begun = time.monotonic()
        try:
            async with asyncio.timeout(None) as self._deadline:
                yield
        except TimeoutError:
            if self._stopping.is_set():
                raise Stopped from None
            raise
        finally:
            self._deadline = None

    def _take(self, delta: TextDelta) -> None:
        self.text += delta.text
        if self.first_token_at is None and delta.text:
            self.first_token_at = self.context.clock()
            self._first_ms = self._elapsed()
            self.on_first(self)

    async def _again(self, problem: str, pause: float) -> None:
        """Another request, which is written down first. Nothing has come yet."""
        db, answer = self.context.db, self.answer
        before = RequestOutcome(attempt=self._attempt, response_ms=self._elapsed(), error=problem)
        if await wait(self._stopping, pause):
            raise Stopped
        payload, number = self.conversation.payload(), self._attempt + 1
        await patiently(
            lambda: db.write(journal.follow, answer.id, before, payload, attempt=number, now=self.context.clock())
        )
        self._attempt = number

    async def _pictures(self) -> Sequence[bytes]:
        """Of the message: all of them, for all are paid for. Raises StoreAway, PictureGone."""
        wanted = self.conversation.pictures
        found = await self.context.files.contents((each, self.answer.user_id) for each in wanted) if wanted else {}
        if len(found) < len(set(wanted)):
            raise PictureGone
        return [found[each] for each in wanted]

    def _attempts(self) -> int:
        manifest = self.context.engine.manifest(self.answer.model_slug)
        return self._listened + (1 if manifest is None else manifest.runtime.attempts)

    def _pause(self, error: InferenceError) -> float:
        told = error.retry_after if isinstance(error, RunFailed) else None
        return PAUSE * 2 ** (self._attempt - self._listened - 1) if told is None else told

    def _ended(self, end: StreamEnd) -> AnswerOutcome:
        facts = dict(end.facts)
        status = facts.pop("status_code", None)
        return AnswerOutcome(
            answer=self.answer,
            text=self.text,
            finish=end.finish,
            usage=end.usage,
            sent=self.conversation.tokens,
            shortened=self.conversation.shortened,
            first_token_at=self.first_token_at,
            request=self._request(status_code=status if isinstance(status, int) else None, facts=facts),
        )

    def _failed(self, error: Exception) -> AnswerOutcome:
        problem = one_line(error) or type(error).__name__
        log.warning("answer_failed", answer_id=str(self.answer.id), model=self.answer.model_slug, error=problem)
        if is_visible(self.text):
            self.finish = self.finish or FinishReason.CUT
        facts = error.facts if isinstance(error, InferenceError) else None
        return self._outcome(error=problem, code=code_of(error), facts=facts)

    def _outcome(
        self, *, error: str, code: ErrorCode | None = None, facts: Mapping[str, Any] | None = None
    ) -> AnswerOutcome:
        facts = dict(facts or {})
        return AnswerOutcome(
            answer=self.answer,
            text=self.text,
            finish=self.finish,
            sent=self.conversation.tokens,
            shortened=self.conversation.shortened,
            error_code=code,
            error=error,
            stopped=self.finish is FinishReason.STOPPED,
            first_token_at=self.first_token_at,
            request=self._request(status_code=facts.pop("status_code", None), error=error, facts=facts),
        )

    def _request(
        self, *, status_code: int | None = None, error: str | None = None, facts: dict[str, object] | None = None
    ) -> RequestOutcome:
        return RequestOutcome(
            attempt=self._attempt,
            response={**(facts or {}), "text": self.text},
            response_ms=self._elapsed(),
            first_token_ms=self._first_ms,
            status_code=status_code,
            error=error,
        )

    def _elapsed(self) -> int:
        return round((time.monotonic() - self._begun) * 1000)
