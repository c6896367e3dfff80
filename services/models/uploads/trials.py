"""Somebody of the shop tries a version: asked for in a row, run by a worker."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.models import ModelTrial, TrialStatus
from db.tables.predictions import ErrorCode
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.clock import Clock
from services.errors import N_, ShopError
from services.models.offers import ModelNotOnSale, Offer
from services.models.uploads.changes import locked, record_change
from services.models.uploads.shelf import Shelved, VersionShelf
from services.models.uploads.versions import SELLABLE, VersionNotFound, VersionView, version
from services.notifications.message_ref import MessageRef, message_columns
from services.users.actor import Actor
from services.users.roles import NotAllowed, Staff

_trials = table_of(ModelTrial)
PREFIX: Final = "try-"


class TrialNotFound(ShopError):
    message = N_("There is no such trial.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOrder:
    """`inputs` are checked values by input name; `request_key` is the same for every repeat of one tap."""

    version_id: UUID
    inputs: JsonObject
    request_key: str
    shown_in: MessageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    id: UUID
    version: VersionView
    asked_by: int
    inputs: JsonObject
    status: TrialStatus
    result: JsonObject | None
    error_code: ErrorCode | None
    shown_in: MessageRef | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, row: AnyRow, view: VersionView) -> Self:
        return cls(
            id=row.id,
            version=view,
            asked_by=row.asked_by,
            inputs=row.inputs,
            status=TrialStatus(row.status),
            result=row.result,
            error_code=None if row.error_code is None else ErrorCode(row.error_code),
            shown_in=MessageRef.of(row),
            attempts=row.attempts,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


def slug_of_trial(version_id: UUID) -> str:
    """What a form of it is kept under; no model is called so."""
    return f"{PREFIX}{version_id.hex}"


def tried(slug: str) -> UUID | None:
    """The version that a form of this slug tries; None for a model's."""
    number = slug.removeprefix(PREFIX)
    return UUID(hex=number) if slug.startswith(PREFIX) and len(number) == 32 and _is_hex(number) else None


class Trials:
    """Of versions by those who have a role."""

    def __init__(self, db: Database, clock: Clock, staff: Staff, shelf: VersionShelf) -> None:
        self._db, self._clock, self._staff, self._shelf = db, clock, staff, shelf

    async def offer(self, version_id: UUID, *, user_id: int) -> Offer:
        """Its form, for nothing. Raises ModelNotOnSale for who has no role, and where it may not be tried any more;
        StoreAway, ContentLost, ManifestError."""
        view = await self._db.read(self._for, version_id, Actor(user_id))
        manifest = (await self._shelf.open(view)).manifest
        return Offer(
            slug=slug_of_trial(version_id),
            manifest=manifest,
            title=manifest.title,
            icon=manifest.icon,
            price=0,
            position=0,
            draft=version_id,
        )

    async def ask(self, order: TrialOrder, *, actor: Actor) -> None:
        """A worker runs it soon; a repeat changes nothing. Raises NotAllowed, VersionNotFound, NotNow."""
        await self._db.write(self._ask, order, uuid4(), actor, self._clock())

    async def get(self, trial_id: UUID) -> TrialView:
        """Raises TrialNotFound."""
        return await self._db.read(trial, trial_id)

    async def shelved(self, view: TrialView) -> Shelved:
        return await self._shelf.open(view.version)

    def _for(self, session: Session, version_id: UUID, actor: Actor) -> VersionView:
        try:
            self._staff.require(session, actor, acts=False)
            view = version(session, version_id)
        except (NotAllowed, VersionNotFound):
            raise ModelNotOnSale(slug=slug_of_trial(version_id)) from None
        if view.status not in SELLABLE:
            raise ModelNotOnSale(slug=view.slug)
        return view

    def _ask(self, session: Session, order: TrialOrder, trial_id: UUID, actor: Actor, now: datetime) -> None:
        self._staff.require(session, actor)
        row = locked(session, order.version_id, SELLABLE)
        values = {
            "id": trial_id,
            "version_id": order.version_id,
            "asked_by": actor.user_id,
            "request_key": order.request_key,
            "inputs": order.inputs,
            "status": TrialStatus.QUEUED,
            "attempts": 0,
            "created_at": now,
            **message_columns(order.shown_in),
        }
        insert = insert_into(session, _trials).values(values).on_conflict_do_nothing()
        if session.execute(insert.returning(_trials.c.id)).first() is not None:
            record_change(session, AuditAction.UPLOAD_TRY, row, actor=actor, now=now)


def trial(session: Session, trial_id: UUID) -> TrialView:
    row = session.execute(select(_trials).where(_trials.c.id == trial_id)).first()
    if row is None:
        raise TrialNotFound(trial=trial_id)
    return TrialView.of(row, version(session, row.version_id))


def _is_hex(text: str) -> bool:
    return all(sign in "0123456789abcdef" for sign in text)
