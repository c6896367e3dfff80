"""Models that owners must look after."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrouble(News):
    """A model, by its `slug`, and what is wrong with it."""

    slug: str
    problem: str

    def dump(self) -> JsonObject:
        return {"slug": self.slug, "problem": self.problem}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(slug=payload["slug"], problem=payload["problem"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNotLoaded(ModelTrouble):
    """Its folder cannot be sold from."""

    kind = OutboxKind.MODEL_PROBLEM

    @property
    def key(self) -> str:
        return f"model:{self.slug}:{hashlib.sha256(self.problem.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStateChanged(ModelTrouble):
    """What `happened` to it, `at` that time; told once of each time."""

    happened: ClassVar[str]
    at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.happened}:{self.slug}:{self.at and self.at.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFails(ModelStateChanged):
    """It was stopped, for it did nothing but fail."""

    kind = OutboxKind.MODEL_STOPPED
    happened = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerUndelivered(ModelTrouble):
    """An answer that its customer will never get. Told once of each `version` of a model."""

    kind = OutboxKind.ANSWER_UNDELIVERED
    version: str = ""

    @property
    def key(self) -> str:
        return f"undelivered:{self.slug}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOverHold(ModelTrouble):
    """An assistant's provider counted more tokens than an answer can have, and was paid for them by the shop. Told once
    of each assistant and `day`."""

    kind = OutboxKind.ANSWER_OVER_HOLD
    day: date | None = None

    @property
    def key(self) -> str:
        return f"over_hold:{self.slug}:{self.day and self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRests(ModelStateChanged):
    """Its server is away since then, or `fails` all its runs."""

    kind = OutboxKind.MODEL_RESTS
    happened = "rests"
    fails: bool = False

    def dump(self) -> JsonObject:
        return {**ModelTrouble.dump(self), "fails": self.fails}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(slug=payload["slug"], problem=payload["problem"], fails=payload.get("fails", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServes(ModelStateChanged):
    """Its server works again since then."""

    kind = OutboxKind.MODEL_SERVES
    happened = "serves"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfVersion(News):
    """Something is known of a version, since `at`: its card says it."""

    happened: ClassVar[str]
    version_id: UUID
    at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.happened}:{self.version_id.hex}:{self.at and self.at.isoformat()}"

    def dump(self) -> JsonObject:
        return {"version_id": self.version_id.hex}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(version_id=UUID(hex=payload["version_id"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadChecked(OfVersion):
    """To who sent it: its check has ended."""

    kind = OutboxKind.UPLOAD_CHECKED
    happened = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCompared(OfVersion):
    """To who asked for it, or sent it: it was compared with the version on sale."""

    kind = OutboxKind.UPLOAD_COMPARED
    happened = "compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTried(News):
    """To who asked for it: what a version answered."""

    kind = OutboxKind.UPLOAD_TRIED
    trial_id: UUID

    @property
    def key(self) -> str:
        return f"trial:{self.trial_id.hex}"

    def dump(self) -> JsonObject:
        return {"trial_id": self.trial_id.hex}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(trial_id=UUID(hex=payload["trial_id"]))
