"""Selling a prediction: check, charge and queue it in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.models import Model, Preset
from db.predictions import Prediction, PredictionStatus
from db.upsert import insert_into
from db.users import User
from services.billing import ledger
from services.billing.credits import format_credits
from services.clock import Clock
from services.errors import N_, ShopError
from services.models import ModelNotOnSale, price_of
from services.users import UserDisabled

_predictions, _models, _presets, _users = table_of(Prediction), table_of(Model), table_of(Preset), table_of(User)


class PriceChanged(ShopError):
    """The price on the customer's screen is not the price any more; nothing was charged."""

    message = N_("The price has changed: it is {price} now. Please confirm again.")

    def __init__(self, *, shown: int, price: int) -> None:
        self.shown = shown
        self.price = price
        super().__init__(price=format_credits(price))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer confirmed. `inputs` are checked values by input name; `price` is what the screen showed;
    `request_key` is the same for every repeat of one confirmation."""

    user_id: int
    model_slug: str
    model_version: str
    inputs: JsonObject
    price: int
    request_key: str
    preset_id: int | None = None
    chat_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    prediction_id: UUID
    repeated: bool
    """The same confirmation had been sold before; nothing happened now."""


class Submit:
    """`on_sold` is called after the commit, to wake whoever runs predictions in this process."""

    def __init__(self, db: Database, clock: Clock, on_sold: Callable[[], None]) -> None:
        self._db = db
        self._clock = clock
        self._on_sold = on_sold

    async def __call__(self, order: Order) -> Sold:
        """Raises `InsufficientBalance`, `PriceChanged`, `ModelNotOnSale`, `UserDisabled`; then nothing was charged."""
        sold = await self._db.write(submit, order, uuid4(), self._clock())
        if not sold.repeated:
            self._on_sold()
        return sold


def submit(session: Session, order: Order, prediction_id: UUID, now: datetime) -> Sold:
    model = _model(session, order)
    inserted = session.scalar(
        insert_into(session, _predictions)
        .on_conflict_do_nothing(index_elements=["user_id", "request_key"])
        .returning(_predictions.c.id),
        {
            "id": prediction_id,
            "user_id": order.user_id,
            "model_slug": order.model_slug,
            "model_version": order.model_version,
            "preset_id": order.preset_id,
            "request_key": order.request_key,
            "inputs": order.inputs,
            "price": order.price,
            "status": PredictionStatus.QUEUED,
            "attempts": 0,
            "available_at": now,
            "chat_id": order.chat_id,
            "message_id": order.message_id,
            "created_at": now,
        },
    )
    if inserted is None:
        return Sold(prediction_id=_find(session, order), repeated=True)
    _check_terms(session, order, model)
    if order.price:
        ledger.charge(session, user_id=order.user_id, amount=order.price, prediction_id=prediction_id, now=now)
    return Sold(prediction_id=prediction_id, repeated=False)


def _find(session: Session, order: Order) -> UUID:
    same = (_predictions.c.user_id == order.user_id) & (_predictions.c.request_key == order.request_key)
    prediction_id: UUID = session.execute(select(_predictions.c.id).where(same)).scalar_one()
    return prediction_id


def _model(session: Session, order: Order) -> AnyRow:
    disabled = exists().where(_users.c.id == order.user_id, _users.c.disabled_at.is_not(None)).label("disabled")
    columns = (_models.c.manifest_price, _models.c.admin_price, _models.c.admin_enabled, _models.c.present, disabled)
    model = session.execute(select(*columns).where(_models.c.slug == order.model_slug)).first()
    if model is None:
        raise ModelNotOnSale(slug=order.model_slug)
    return model


def _check_terms(session: Session, order: Order, model: AnyRow) -> None:
    """After the insert, so that a repeated confirmation is recognised even when the terms have changed since."""
    if model.disabled:
        raise UserDisabled(user_id=order.user_id)
    if not model.present or model.admin_enabled is False:
        raise ModelNotOnSale(slug=order.model_slug)
    price = price_of(model) if order.preset_id is None else _preset_price(session, order.preset_id, model)
    if price != order.price:
        raise PriceChanged(shown=order.price, price=price)


def _preset_price(session: Session, preset_id: int, model: AnyRow) -> int:
    preset = session.execute(select(_presets.c.price, _presets.c.enabled).where(_presets.c.id == preset_id)).first()
    if preset is None or not preset.enabled:
        raise ModelNotOnSale(preset_id=preset_id)
    return price_of(model) if preset.price is None else int(preset.price)
