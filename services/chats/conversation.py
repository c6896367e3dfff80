"""What a claimed answer is an answer to: read, and cut to what was paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.chats import ChatSession
from db.tables.models import Preset
from db.tables.users import User
from services.chats.claims import ClaimedAnswer
from services.chats.context import PastTurn, unheard_tokens, window
from services.chats.costs import estimated_tokens
from services.chats.rows import messages, past_turns, unheard_seconds
from services.chats.system import system_prompt
from services.errors import one_line
from services.inference.chat import ChatRequest, ChatRole, ChatTurn, spoken_bytes
from services.inference.errors import BadOutput
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.manifest import Manifest

_questions, _sessions = messages.alias("question"), table_of(ChatSession)
_users, _presets = table_of(User), table_of(Preset)
_asked = (
    select(
        _questions.c.id,
        _questions.c.text,
        *(_questions.c[name] for name in ("pictures", "voice", "voice_seconds", "heard_at")),
        _presets.c.prompt,
        _users.c.first_name,
        _users.c.gender,
        _users.c.age,
        _users.c.language,
    )
    .select_from(_questions)
    .join(_sessions, _sessions.c.id == _questions.c.session_id)
    .join(_users, _users.c.id == _questions.c.user_id)
    .outerjoin(_presets, _presets.c.id == _sessions.c.preset_id)
    .where(_questions.c.id.in_(bindparam("questions", expanding=True)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnheardVoice:
    """A voice message of so many seconds that `model` is to write down."""

    file_id: UUID
    seconds: int
    model: str


class CannotBeAsked(Exception):
    """What stands in the rows of this one message cannot be read."""

    def __init__(self, answer_id: UUID, problem: str) -> None:
        super().__init__(problem)
        self.answer_id, self.problem = answer_id, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """As it is sent. `pictures`: files of the message that is answered; `picture_tokens` of each; `shortened`:
    older messages are left out."""

    system: str
    past: Sequence[PastTurn]
    message: str
    pictures: Sequence[UUID]
    picture_tokens: int
    limit: int
    model: str
    shortened: bool = False
    voice: UnheardVoice | None = None

    @property
    def tokens(self) -> int:
        """Of the prompt, as estimated here."""
        texts = [text for turn in self.past for text in (turn.question, turn.answer)]
        system = [self.system] if self.system else []
        return estimated_tokens([*system, *texts, self.message]) + len(self.pictures) * self.picture_tokens

    def shorter(self) -> "Conversation | None":
        """Without the older half of its past; None where there is none."""
        return replace(self, past=self.past[(len(self.past) + 1) // 2 :], shortened=True) if self.past else None

    def heard(self, said: str) -> "Conversation":
        """With what was said in its voice message; it still fits. Raises BadOutput for more than can have been said."""
        assert self.voice is not None
        said = f"{self.message}\n{said}" if self.message else said
        if len(said.encode()) - len(self.message.encode()) > spoken_bytes(self.voice.seconds):
            raise BadOutput(problem=f"the server heard {len(said)} characters in {self.voice.seconds} s")
        return replace(self, message=said, voice=None)

    def request(self, pictures: Sequence[bytes] = ()) -> ChatRequest:
        turns = [ChatTurn(role=ChatRole.SYSTEM, text=self.system)] if self.system else []
        for turn in self.past:
            turns.append(ChatTurn(role=ChatRole.USER, text=turn.question))
            turns.append(ChatTurn(role=ChatRole.ASSISTANT, text=turn.answer))
        turns.append(ChatTurn(role=ChatRole.USER, text=self.message, pictures=tuple(pictures)))
        return ChatRequest(turns=turns, max_tokens=self.limit)

    def payload(self) -> JsonObject:
        """For the journal, of what is asked next: no keys, of pictures only how many, of a voice message how long."""
        if self.voice is not None:
            return {"model": self.voice.model, "voice_seconds": self.voice.seconds}
        said = [{"role": turn.role.value, "content": turn.text} for turn in self.request().turns]
        return {"model": self.model, "max_tokens": self.limit, "messages": said, "pictures": len(self.pictures)}


Asked: TypeAlias = Mapping[UUID, AnyRow]
"""Messages to be answered, with what is told of their customers, by their ids."""


def read_asked(session: Session, answers: Sequence[ClaimedAnswer]) -> Asked:
    """Nothing where one of them cannot be read: each tells then by itself."""
    try:
        return _asked_by(session, [answer.question_id for answer in answers])
    except (SQLAlchemyError, OSError):  # the database's own
        raise
    except Exception:  # noqa: BLE001 - a value that no column should hold
        return {}


def _asked_by(session: Session, questions: Sequence[UUID]) -> Asked:
    return {row.id: row for row in session.connection().execute(_asked, {"questions": questions})}


def read_conversation(
    session: Session, answer: ClaimedAnswer, manifest: Manifest, asked: Asked | None = None
) -> Conversation | None:
    """None where its message was deleted. `asked`: what was read of several. Raises CannotBeAsked."""
    try:
        row = (asked or _asked_by(session, [answer.question_id])).get(answer.question_id)
        return _read(session, answer, manifest, row)
    except (SQLAlchemyError, OSError):  # the database's own
        raise
    except Exception as error:
        raise CannotBeAsked(answer.id, one_line(error) or type(error).__name__) from error


def _read(session: Session, answer: ClaimedAnswer, manifest: Manifest, row: AnyRow | None) -> Conversation | None:
    if row is None or row.text is None:
        return None
    spec = manifest.runtime
    assert isinstance(spec, ChatSpec)
    system = system_prompt(manifest, row.prompt, row)
    pictures = [UUID(each) for each in row.pictures or ()]
    tokens, seconds = spec.picture_tokens or 0, unheard_seconds(row)
    past = past_turns(session, answer.session_id, before=answer.number, most=spec.history)
    fits = window(
        past,
        system=system,
        message=row.text,
        budget=answer.prompt_budget,
        messages=spec.history,
        beside=len(pictures) * tokens + unheard_tokens(seconds),
    )
    return Conversation(
        system=system,
        past=fits.turns,
        message=row.text,
        pictures=pictures,
        picture_tokens=tokens,
        limit=answer.limit,
        model=spec.model,
        shortened=fits.left_out,
        voice=_unheard(row, spec),
    )


def _unheard(message: AnyRow, spec: ChatSpec) -> UnheardVoice | None:
    seconds = unheard_seconds(message)
    return UnheardVoice(file_id=message.voice, seconds=seconds, model=spec.transcription or "") if seconds else None
