"""What admins change about the models on sale: price, on or off, order. It wins over the manifests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, constant, table_of
from db.engine import Database
from db.tables.models import Model, ModelVersion, VersionStatus
from db.tables.users import AuditAction
from services import ordering
from services.audit_log.record import AuditRecord, record
from services.billing.credits import parse_amount
from services.clock import Clock
from services.digits import ascii_digits
from services.errors import N_, ShopError
from services.models import example_runs
from services.models.example_runs import ExampleRun
from services.models.offers import price_of
from services.users.actor import Actor
from services.users.roles import Staff

_models, _versions = table_of(Model), table_of(ModelVersion)
MAX_PRICE: Final = 100_000_00  # hundredths


class ModelNotFound(ShopError):
    message = N_("There is no such model.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """`price` is what it costs now, `manifest_price` what its author asked, in hundredths. `present`: its folder is
    there and it loads; else `problem` may say why not."""

    slug: str
    version: str
    title: dict[str, str] | str
    icon: str
    price: int
    manifest_price: int
    changed_price: bool
    enabled: bool
    present: bool
    problem: str | None
    stopped_for: str | None
    """Why it was stopped after it had failed several times in a row."""
    resting_for: str | None = None
    """Why it cannot be bought now: its server is away, or fails its runs."""
    fails: bool = False
    """It rests for its failures."""
    is_assistant: bool = False
    by_length: bool = False
    """What is read and written costs besides `price`."""
    test_asked: bool = False
    """Its example is to be answered, and is not yet."""
    tested: ExampleRun | None = None
    """What came of the last time."""
    uploaded: bool = False
    """A version of a file that was sent is on sale."""
    provider_prices: tuple[int, int] | None = None
    """What the provider asks for 1,000,000 tokens that it reads, and writes, in hundredths, where the manifest says."""


class ModelManagement:
    """What admins may do to the models on sale. Changes raise `NotAllowed`, `ModelNotFound`;
    each is in the audit log."""

    def __init__(self, db: Database, clock: Clock, staff: Staff) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff

    async def all(self) -> Sequence[ModelLine]:
        """In the order of the menu; those that cannot be sold too."""
        return await self._db.read(_all)

    async def get(self, slug: str) -> ModelLine:
        return await self._db.read(_get, slug)

    async def set_price(self, slug: str, price: int | None, *, actor: Actor) -> ModelLine:
        """In hundredths; 0 is free, None is the manifest's. Who has the old price on the screen is asked again."""
        return await self._change(slug, {"admin_price": price}, AuditAction.MODEL_PRICE, actor)

    async def enable(self, slug: str, *, enabled: bool, actor: Actor) -> ModelLine:
        action = AuditAction.MODEL_ENABLE if enabled else AuditAction.MODEL_DISABLE
        return await self._change(slug, {"admin_enabled": enabled}, action, actor)

    async def try_again(self, slug: str, *, actor: Actor) -> ModelLine:
        """Sell it again after it was stopped, try the example of one that rests for its failures; they count anew."""
        return await self._db.write(self._tried_again, slug, actor=actor, now=self._clock())

    async def test(self, slug: str, *, actor: Actor) -> ModelLine:
        """Have it answer the example of its manifest: soon, where it is run, for nobody's credits."""
        return await self._db.write(self._asked_to_test, slug, actor=actor, now=self._clock())

    async def move(self, slug: str, *, places: int, actor: Actor) -> Sequence[ModelLine]:
        """Up (negative) or down the menu; returns all."""
        return await self._db.write(self._move, slug, places, actor=actor, now=self._clock())

    async def _change(self, slug: str, values: JsonObject, action: AuditAction, actor: Actor) -> ModelLine:
        return await self._db.write(self._changed, slug, values, action=action, actor=actor, now=self._clock())

    def _changed(
        self, session: Session, slug: str, values: JsonObject, *, action: AuditAction, actor: Actor, now: datetime
    ) -> ModelLine:
        self._staff.require(session, actor)
        row = _locked(session, slug)
        before: dict[str, Any] = {name: getattr(row, name) for name in values}  # Any: the columns' values
        if before == values:
            return _get(session, slug)
        session.execute(update(_models).where(_models.c.slug == slug).values(**values, updated_at=now))
        record(session, AuditRecord(actor=actor, action=action, subject=slug, before=before, after=values), now)
        return _get(session, slug)

    def _tried_again(self, session: Session, slug: str, *, actor: Actor, now: datetime) -> ModelLine:
        self._staff.require(session, actor)
        anew = update(_models).where(_models.c.slug == slug, _models.c.next_try_at.is_not(None))
        session.execute(anew.values(next_try_at=now, rests=0))
        values: JsonObject = {"stopped_for": None, "failures": 0}
        return self._changed(session, slug, values, action=AuditAction.MODEL_TRY_AGAIN, actor=actor, now=now)

    def _asked_to_test(self, session: Session, slug: str, *, actor: Actor, now: datetime) -> ModelLine:
        self._staff.require(session, actor)
        if _locked(session, slug).test_asked_at is None:
            example_runs.ask(session, slug, now)
            asked: JsonObject = {"asked": True}
            record(session, AuditRecord(actor=actor, action=AuditAction.MODEL_TEST, subject=slug, after=asked), now)
        return _get(session, slug)

    def _move(self, session: Session, slug: str, places: int, *, actor: Actor, now: datetime) -> Sequence[ModelLine]:
        self._staff.require(session, actor)
        moved = ordering.move(session, _ORDER, slug, places)
        if moved is None:
            raise ModelNotFound(slug=slug)
        old, new = moved
        if new != old:
            before, after = {"place": old}, {"place": new}
            record(
                session,
                AuditRecord(actor=actor, action=AuditAction.MODEL_MOVE, subject=slug, before=before, after=after),
                now,
            )
        return _all(session)


def parse_price(text: str) -> int:
    """Hundredths from what was typed; a model may be free. Raises `BadAmount`."""
    typed = ascii_digits(text.strip())
    if typed and set(typed) <= set("0.,") and typed.strip("0") in ("", ".", ","):
        return 0
    return parse_amount(text, low=1, high=MAX_PRICE)


_IN_ORDER = (func.coalesce(_models.c.admin_position, _models.c.manifest_position), _models.c.slug)
_ORDER = ordering.Ranking(key=_models.c.slug, position=_models.c.admin_position, by=_IN_ORDER)


_UPLOADED: Final = exists().where(
    _versions.c.slug == _models.c.slug, _versions.c.status == constant(VersionStatus.PUBLISHED)
)
_LINES: Final = select(_models, _UPLOADED.label("uploaded"))


def _all(session: Session) -> list[ModelLine]:
    return [_line(row) for row in session.execute(_LINES.order_by(*_IN_ORDER))]


def _get(session: Session, slug: str) -> ModelLine:
    row = session.execute(_LINES.where(_models.c.slug == slug)).first()
    if row is None:
        raise ModelNotFound(slug=slug)
    return _line(row)


def _locked(session: Session, slug: str) -> AnyRow:
    row = session.execute(select(_models).where(_models.c.slug == slug).with_for_update(key_share=True)).first()
    if row is None:
        raise ModelNotFound(slug=slug)
    return row


def _line(row: AnyRow) -> ModelLine:
    runtime = row.manifest.get("runtime", {})
    return ModelLine(
        slug=row.slug,
        version=row.version,
        title=row.manifest.get("title", row.slug),
        icon=row.manifest.get("icon", ""),
        price=price_of(row),
        manifest_price=row.manifest_price,
        changed_price=row.admin_price is not None and row.admin_price != row.manifest_price,
        enabled=row.admin_enabled is not False,
        present=row.present,
        problem=row.problem,
        stopped_for=row.stopped_for,
        resting_for=None if row.resting_since is None else row.resting_for or "",
        fails=row.next_try_at is not None,
        is_assistant=runtime.get("kind") == "chat",
        by_length=any(Decimal(str(runtime.get(key, 0))) for key in ("input_price", "output_price")),
        test_asked=row.test_asked_at is not None,
        tested=None
        if row.tested_at is None
        else ExampleRun(at=row.tested_at, ms=row.test_ms or 0, problem=row.test_problem),
        uploaded=row.uploaded,
        provider_prices=_provider_prices(runtime.get("input_cost"), runtime.get("output_cost")),
    )


def _provider_prices(read: str | None, written: str | None) -> tuple[int, int] | None:
    return None if read is None or written is None else (int(Decimal(read) * 100), int(Decimal(written) * 100))
