"""Selling the answers to a table: check, charge for all its good rows and queue it in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.models import Model, Preset
from db.tables.plans import Plan
from db.tables.scorings import ScoringStatus
from db.tables.users import User
from services.billing import ledger
from services.errors import N_, ShopError
from services.models.offers import ModelNotOnSale, price_of
from services.models.sale import SALE_COLUMNS, preset_price, require_on_sale
from services.notifications.message_ref import MessageRef, message_columns
from services.plans.allowances import take_for_rows
from services.predictions.submit import PriceChanged
from services.scoring.queries import UNFINISHED, ScoringNotFound, ScoringView, hold, scorings
from services.users.existing import require_existing

_models, _presets, _users, _plans = table_of(Model), table_of(Preset), table_of(User), table_of(Plan)

MOST_UNDER_WAY: Final = 20  # of a customer: each keeps its files


class NothingToAnswer(ShopError):
    message = N_("No row of this table can be answered.")


class TooManyTables(ShopError):
    message = N_(
        "{max} of your tables are waiting or being answered already. Order this one when one of them is ready."
    )


class ModelChanged(ShopError):
    """Since the table was checked; its questions may be others now."""

    message = N_("The model has changed meanwhile. Please send the table again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringOrder:
    """What a customer confirmed: `total` in hundredths is what the screen showed, 0 where it said that the plan
    pays."""

    scoring_id: UUID
    user_id: int
    total: int
    shown_in: MessageRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """`repeated`: it had been ordered before; nothing happened now."""

    view: ScoringView
    repeated: bool


_terms = select(
    *SALE_COLUMNS,
    _models.c.version,
    exists().where(_users.c.id == bindparam("user_id"), _users.c.disabled_at.is_not(None)).label("user_disabled"),
    exists().where(_plans.c.id.is_not(None)).label("sells_plans"),
).where(_models.c.slug == bindparam("slug"))
_under_way = select(func.count()).where(
    scorings.c.user_id == bindparam("user_id"), scorings.c.status.in_([constant(each) for each in UNFINISHED])
)
_preset = select(_presets.c.id, _presets.c.price, _presets.c.enabled).where(_presets.c.id == bindparam("id"))
_queue = (
    update(scorings)
    .where(scorings.c.id == bindparam("row"), scorings.c.status == constant(ScoringStatus.DRAFT))
    .returning(scorings.c.id)
)


def submit(session: Session, order: ScoringOrder, now: datetime) -> Ordered:
    """Raises `ScoringNotFound`, `NothingToAnswer`, `TooManyTables`, `ModelChanged`, and what selling a prediction
    raises."""
    require_existing(session, order.user_id)
    view = hold(session, order.scoring_id, order.user_id)
    if view.status is not ScoringStatus.DRAFT:
        return Ordered(view=view, repeated=True)
    if not view.is_checked or not view.good:
        raise NothingToAnswer(scoring_id=view.id)
    if (session.scalar(_under_way, {"user_id": order.user_id}) or 0) >= MOST_UNDER_WAY:
        raise TooManyTables(max=MOST_UNDER_WAY)
    model = session.execute(_terms, {"slug": view.model_slug, "user_id": order.user_id}).first()
    if model is None:
        raise ModelNotOnSale(slug=view.model_slug)
    require_on_sale(model, slug=view.model_slug, user_id=order.user_id, disabled=bool(model.user_disabled))
    if model.version != view.model_version:
        raise ModelChanged(scoring_id=view.id)
    price = _price_now(session, view, model)
    values = {"status": ScoringStatus.QUEUED, "available_at": now, "price": price, **message_columns(order.shown_in)}
    if session.execute(_queue.values(values), {"row": view.id}).first() is None:
        raise ScoringNotFound(scoring_id=view.id)
    if price and model.sells_plans and _plan_pays(session, view, now):
        session.execute(update(scorings).where(scorings.c.id == view.id).values(price=0))
    elif price * view.good != order.total:
        raise PriceChanged(shown=order.total, price=price * view.good)
    elif price:
        ledger.charge(session, user_id=order.user_id, amount=price * view.good, scoring_id=view.id, now=now)
    return Ordered(view=hold(session, view.id, view.user_id), repeated=False)


def _plan_pays(session: Session, view: ScoringView, now: datetime) -> bool:
    return take_for_rows(session, view.user_id, view.model_slug, now, scoring_id=view.id, rows=view.good)


def _price_now(session: Session, view: ScoringView, model: AnyRow) -> int:
    """Of a row."""
    if view.preset_id is None:
        return price_of(model)
    preset = session.execute(_preset, {"id": view.preset_id}).first()
    if preset is None:
        raise ModelNotOnSale(preset_id=view.preset_id)
    return preset_price(model, preset.id, enabled=preset.enabled, price=preset.price)
