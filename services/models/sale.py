"""Whether a model may be sold now, and for how much: looked at in the transaction that sells."""

from typing import Final

from db.base import AnyRow, table_of
from db.tables.models import Model
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped, price_of
from services.users.accounts import UserDisabled

_models = table_of(Model)
SALE_COLUMNS: Final = (
    _models.c.manifest_price,
    _models.c.admin_price,
    _models.c.admin_enabled,
    _models.c.present,
    _models.c.stopped_for,
    _models.c.resting_since,
)


def require_on_sale(model: AnyRow, *, slug: str, user_id: int, disabled: bool) -> None:
    """`model`: with SALE_COLUMNS; `disabled`: the user. Raises UserDisabled, ModelNotOnSale, ModelStopped,
    ModelResting."""
    if disabled:
        raise UserDisabled(user_id=user_id)
    if not model.present or model.admin_enabled is False:
        raise ModelNotOnSale(slug=slug)
    if model.stopped_for is not None:
        raise ModelStopped(slug=slug)
    if model.resting_since is not None:
        raise ModelResting(slug=slug)


def preset_price(model: AnyRow, preset_id: int, *, enabled: bool | None, price: int | None) -> int:
    """Of a preset of this model; one that is not there is not `enabled`. Raises ModelNotOnSale."""
    if not enabled:
        raise ModelNotOnSale(preset_id=preset_id)
    return price_of(model) if price is None else price
