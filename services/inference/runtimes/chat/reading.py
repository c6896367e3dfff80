"""An answer's chunks, read one by one."""

from typing import Any, Final

from db.base import JsonObject
from db.tables.chats import FinishReason
from services.inference.chat import StreamEnd
from services.inference.errors import EmptyAnswer, RequestRefused, StreamCut
from services.inference.runtimes.chat.judge import judge
from services.inference.runtimes.chat.plain_text import TextJoiner, fact, facts
from services.inference.runtimes.chat.request_body import Json
from services.inference.runtimes.chat.said import said_in
from services.inference.runtimes.chat.usage import judged

BYTES_A_TOKEN: Final = 16  # of text; more from a server that does not heed the limit
BYTES_BESIDE: Final = 1_024
_FINISHES: Final = {
    **dict.fromkeys(("stop", "end_turn", "eos", "eos_token", "stop_sequence"), FinishReason.STOP),
    **dict.fromkeys(("length", "max_tokens", "model_length"), FinishReason.LENGTH),
    **dict.fromkeys(("content_filter", "blacklist", "safety"), FinishReason.FILTERED),
}
_BEFORE_TEXT: Final = ("reason", "think", "thought", "tool_calls", "function_call")
_BROKEN: Final = frozenset({"error", "insufficient_system_resource"})


class AnswerReading:
    """Of a stream, or of a whole completion where one came instead. `begun`: something of it was for the answer, if
    only a thought, and is paid for: it is not asked again; `finished`: the server has said why it ends."""

    def __init__(self, *, max_tokens: int, pictures: bool = False) -> None:
        self._most, self._pictures = max_tokens, pictures
        self._joiner = TextJoiner()
        self._bytes = self._thought = 0
        self._other = False  # what a model gives before its text in words of a server's own
        self._finish: str | None = None
        self._usage: Any = None  # Any: JSON
        self._facts: JsonObject = {}

    @property
    def begun(self) -> bool:
        return self._bytes > 0 or self._thought > 0 or self._other

    @property
    def finished(self) -> bool:
        return self._finish is not None

    @property
    def has_text(self) -> bool:
        return self._bytes > 0

    def take(self, chunk: Json) -> str:
        """The text in it. Raises StreamCut for an error after text, else what the error means."""
        if chunk.get("error"):
            raise self._failure(chunk)
        for key in ("id", "model"):
            if key not in self._facts and (told := fact(chunk.get(key))) is not None:
                self._facts[key] = told
        if chunk.get("usage") is not None:
            self._usage = chunk["usage"]
        choice = _first(chunk.get("choices"))
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish = reason
        said = choice.get("delta") or choice.get("message")
        return self._text(said if isinstance(said, dict) else {})

    def end(self) -> tuple[str, StreamEnd]:
        """The last of the text, and the end. Raises StreamCut, RequestRefused, EmptyAnswer."""
        rest = self._counted(self._joiner.rest())
        if self._finish is None:
            raise StreamCut(problem="the answer ended without a finish_reason", retryable=not self.begun)
        if self._finish in _BROKEN:
            raise StreamCut(problem=f"the server broke off: {self._finish}"[:100], retryable=not self.begun)
        finish = _FINISHES.get(self._finish.lower(), FinishReason.OTHER)
        if not self.has_text:
            raise self._nothing(finish)
        return rest, StreamEnd(finish=finish, usage=judged(self._usage, answered=True), facts=self._all_facts())

    def _all_facts(self) -> JsonObject:
        told = {"finish_reason": fact(self._finish), "usage": facts(self._usage), "reasoning": self._thought or None}
        return {"status_code": 200} | self._facts | {key: value for key, value in told.items() if value is not None}

    def _text(self, said: Json) -> str:
        for key in ("reasoning_content", "reasoning"):
            if isinstance(thought := said.get(key), str):
                self._thought += len(thought)
        self._other = self._other or any(value for key, value in said.items() if key.startswith(_BEFORE_TEXT))
        piece = _content(said.get("content")) or _content(said.get("refusal"))
        return self._counted(self._joiner.take(piece)) if piece else ""

    def _counted(self, text: str) -> str:
        self._bytes += len(text.encode())
        if self._bytes > self._most * BYTES_A_TOKEN + BYTES_BESIDE:
            raise StreamCut(problem=f"the server goes on far beyond the limit of {self._most} tokens")
        return text

    def _failure(self, chunk: Json) -> Exception:
        said = said_in(chunk)
        if self.has_text:
            return StreamCut(problem=said.line)
        error = judge(said, pictures=self._pictures)
        error.retryable = error.retryable and not self.begun
        return error

    def _nothing(self, finish: FinishReason) -> Exception:
        if finish is FinishReason.FILTERED:
            error: RequestRefused | EmptyAnswer = RequestRefused(problem=f"finish_reason {self._finish}"[:100])
        elif self._thought:
            fix = "Raise max_answer: thoughts count, too"
            error = EmptyAnswer(problem=f"the model thought {self._thought} characters and said nothing", fix=fix)
        else:
            error = EmptyAnswer(problem=f"the answer is empty (finish_reason {self._finish})"[:200])
        error.facts = self._all_facts()
        return error


def _first(choices: Any) -> Json:  # Any: JSON
    """Of several answers to one question the first: some servers give more than were asked for."""
    found = [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []
    return next((each for each in found if each.get("index") in (None, 0)), {})


def _content(content: Any) -> str:  # Any: JSON
    """A text, or the texts of its parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(str(part["text"]) for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
