"""`[runtime] kind = "chat"`."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from services.inference.chat import spoken_bytes
from services.manifests.bindings import Binding
from services.manifests.manifest import Manifest, parse_price
from services.manifests.runtime import RemoteSpec, Variable
from services.manifests.schema import Array, NameAtServer, Text, shorter, wrong
from services.manifests.variables import value_of

FEWEST_TOKENS: Final = 64  # of an answer worth its name
ROOM: Final = 256  # tokens: the least question, and what a message costs besides its text

Price = Annotated[Decimal, BeforeValidator(parse_price)]


class ChatSpec(RemoteSpec):
    """`url` with its version, as `https://api.openai.com/v1`. `context`, `max_answer`: tokens, of all that is read and
    written at once, and of one answer. `input_price`, `output_price`: credits for 1,000 tokens, besides the manifest's
    `price` for each answer; `input_cost`, `output_cost`: what the provider asks for 1,000,000 of them. `timeout` is of
    a whole answer, `gap_timeout` between two pieces of it, in seconds. `transcription`: the server's model that writes
    voice messages down, of `voice_seconds` at most, in `transcription_timeout`; `voice_price`: credits for each minute
    that was begun, on top of the answer's `price`."""

    binding: ClassVar[Binding] = Binding.TALK
    kind: Literal["chat"]
    key: Variable | None = None
    model: NameAtServer
    context: int = Field(ge=512, le=100_000_000)
    max_answer: int = Field(default=1024, ge=FEWEST_TOKENS, le=1_000_000)
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: float | None = Field(default=None, ge=0, le=2)
    system: Annotated[Text, shorter(8_000)] | None = None
    greeting: Annotated[Text, shorter(1_000)] | None = None
    examples: Annotated[tuple[Annotated[Text, shorter(64)], ...], Array] = Field(default=(), max_length=6)
    pictures: bool = False
    picture_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    transcription: NameAtServer | None = None
    voice_seconds: int = Field(default=60, ge=1, le=600)
    voice_price: Price = Decimal(0)
    history: int = Field(default=40, ge=0, le=1_000)
    include_usage: bool = True
    input_price: Price = Decimal(0)
    output_price: Price = Decimal(0)
    input_cost: Price | None = None
    output_cost: Price | None = None
    free_answers: int = Field(default=0, ge=0, le=1_000_000)
    timeout: float = Field(default=180.0, gt=0, le=3600)
    first_token_timeout: float = Field(default=60.0, gt=0, le=3600)
    gap_timeout: float = Field(default=30.0, gt=0, le=3600)
    transcription_timeout: float = Field(default=60.0, gt=0, le=600)
    max_batch: int = Field(default=1, ge=1, le=1)

    @property
    def input_price_hundredths(self) -> int:
        return int(self.input_price * 100)

    @property
    def output_price_hundredths(self) -> int:
        return int(self.output_price * 100)

    @property
    def voice_price_hundredths(self) -> int:
        return int(self.voice_price * 100)

    @property
    def voice_tokens(self) -> int:
        """Of the longest voice message, at most."""
        return 0 if self.transcription is None else spoken_bytes(self.voice_seconds)

    def sent_headers(self) -> dict[str, str]:
        headers = super().sent_headers()
        if self.key is not None:
            headers["Authorization"] = f"Bearer {value_of(self.key.removeprefix('env:'))}"
        return headers

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.key is not None and any(name.lower() == "authorization" for name in self.headers):
            raise wrong("is told twice", "Keep key, or Authorization in headers", "key")
        if self.max_answer + ROOM > self.context:
            problem = f"leaves no room for a question within the context of {self.context} tokens"
            raise wrong(problem, f"Write at most {self.context - ROOM}", "max_answer")
        if (self.input_cost is None) != (self.output_cost is None):
            fix = "input_cost and output_cost stand together; one may be 0"
            raise wrong("is missing", fix, "input_cost" if self.input_cost is None else "output_cost")
        if self.pictures and self.picture_tokens is None:
            fix = "Write how many tokens one picture costs at the server at most"
            raise wrong("is missing", fix, "picture_tokens")
        if self.voice_price and self.transcription is None:
            raise wrong("is missing", "Name the model that writes voice messages down", "transcription")
        if (left := self.context - self.max_answer - ROOM - self.voice_tokens) < 0:
            problem = f"leaves no room for a voice message within the context of {self.context} tokens"
            raise wrong(problem, _shorter_voice(self.voice_tokens + left), "voice_seconds")
        return self

    def complain_of(self, manifest: Manifest, folder: Path) -> tuple[str, str, str] | None:
        if manifest.advice:
            return "advice", "this kind of runtime is talked to and has none", "Remove it"
        for text in () if self.system is None else self.system.all():
            if (complaint := self.complain_of_system(text)) is not None:
                return "runtime.system", *complaint
        return None

    def complain_of_system(self, text: str) -> tuple[str, str] | None:
        """Problem and fix of one that leaves no room for a question; a token has a byte at least."""
        size = len(text.encode())
        if (left := self.context - self.max_answer - ROOM - self.voice_tokens - size) >= 0:
            return None
        problem = f"leaves no room for a question: it may take {size} tokens (one a byte) of {self.context}"
        lower = "max_answer" if self.transcription is None else "max_answer or voice_seconds"
        return problem, f"Shorten it by {-left} bytes, or lower {lower}"


def _shorter_voice(room: int) -> str:
    seconds = (room - spoken_bytes(0)) // (spoken_bytes(1) - spoken_bytes(0))
    return f"Write at most {seconds}" if seconds > 0 else "Lower max_answer"
