"""Selling a prediction: check, charge and queue it in one transaction."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Executable, bindparam, exists, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.models import Model, Preset
from db.tables.plans import Plan
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from db.upsert import insert_of
from services.billing import ledger
from services.billing.credits import format_credits
from services.errors import N_, ShopError
from services.models.offers import ModelNotOnSale, price_of
from services.models.sale import SALE_COLUMNS, preset_price, require_on_sale
from services.notifications.message_ref import MessageRef, message_columns
from services.plans.allowances import take_for_prediction
from services.users.existing import require_existing

_predictions, _models, _presets = table_of(Prediction), table_of(Model), table_of(Preset)
_users, _plans = table_of(User), table_of(Plan)


class PriceChanged(ShopError):
    """The price on the customer's screen is not the price any more; nothing was charged."""

    message = N_("The price has changed: it is {price} now. Please confirm again.")

    def __init__(self, *, shown: int, price: int) -> None:
        self.shown = shown
        self.price = price
        super().__init__(price=format_credits(price))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer confirmed. `inputs` are checked values by input name; `price` is what the screen showed, 0 where
    it said that the plan pays;
    `request_key` is the same for every repeat of one confirmation."""

    user_id: int
    model_slug: str
    model_version: str
    inputs: JsonObject
    price: int
    request_key: str
    preset_id: int | None = None
    shown_in: MessageRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    prediction_id: UUID
    repeated: bool
    """The same confirmation had been sold before; nothing happened now."""


def submit(session: Session, order: Order, prediction_id: UUID, now: datetime) -> Sold:
    connection = session.connection()
    model = connection.execute(_terms, {"slug": order.model_slug, "user_id": order.user_id}).first()
    if model is None:
        raise ModelNotOnSale(slug=order.model_slug)
    row = {
        "id": prediction_id,
        "user_id": order.user_id,
        "model_slug": order.model_slug,
        "model_version": order.model_version,
        "preset_id": order.preset_id,
        "request_key": order.request_key,
        "inputs": order.inputs,
        "price": order.price,
        "available_at": now,
        "created_at": now,
        **message_columns(order.shown_in),
    }
    if connection.execute(_insert(connection.dialect.name), row).first() is None:
        return Sold(prediction_id=_find(connection, order), repeated=True)
    price = _price_now(connection, order, model)
    if (
        price
        and model.sells_plans
        and take_for_prediction(session, order.user_id, order.model_slug, prediction_id, now)
    ):
        price = 0
        connection.execute(_reprice, {"row": prediction_id, "now_free": 0})
    elif price != order.price:
        raise PriceChanged(shown=order.price, price=price)
    if not price:
        require_existing(session, order.user_id)
    else:
        wallet = ledger.open_wallet(session, order.user_id)
        ledger.charge_new(session, wallet, amount=price, prediction_id=prediction_id, now=now)
    return Sold(prediction_id=prediction_id, repeated=False)


# Statements are built once: building and hashing one costs more than SQLite takes to run it.
_terms = select(
    *SALE_COLUMNS,
    exists().where(_users.c.id == bindparam("user_id"), _users.c.disabled_at.is_not(None)).label("user_disabled"),
    exists().where(_plans.c.id.is_not(None)).label("sells_plans"),
).where(_models.c.slug == bindparam("slug"))
_reprice = update(_predictions).where(_predictions.c.id == bindparam("row")).values(price=bindparam("now_free"))
_queued = {"status": PredictionStatus.QUEUED, "attempts": 0}
_same_request = select(_predictions.c.id).where(
    _predictions.c.user_id == bindparam("user_id"), _predictions.c.request_key == bindparam("request_key")
)
_preset = select(_presets.c.id, _presets.c.price, _presets.c.enabled).where(
    _presets.c.id == bindparam("id"), _presets.c.model_slug == bindparam("slug")
)


@functools.cache
def _insert(dialect: str) -> Executable:
    new = insert_of(dialect)(_predictions).values(_queued)
    return new.on_conflict_do_nothing(index_elements=["user_id", "request_key"]).returning(_predictions.c.id)


def _find(connection: Connection, order: Order) -> UUID:
    facts = {"user_id": order.user_id, "request_key": order.request_key}
    prediction_id: UUID = connection.execute(_same_request, facts).scalar_one()
    return prediction_id


def is_sold(session: Session, request: Mapping[str, object]) -> bool:
    """`request`: its `user_id` and `request_key`."""
    return session.execute(_same_request, request).first() is not None


def _price_now(connection: Connection, order: Order, model: AnyRow) -> int:
    """After the insert, so that a repeated confirmation is recognised even when the terms have changed since."""
    disabled = bool(model.user_disabled)
    require_on_sale(model, slug=order.model_slug, user_id=order.user_id, disabled=disabled)
    return price_of(model) if order.preset_id is None else _preset_price(connection, order, model)


def _preset_price(connection: Connection, order: Order, model: AnyRow) -> int:
    preset = connection.execute(_preset, {"id": order.preset_id, "slug": order.model_slug}).first()
    if preset is None:
        raise ModelNotOnSale(preset_id=order.preset_id)
    return preset_price(model, preset.id, enabled=preset.enabled, price=preset.price)
