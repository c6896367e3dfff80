"""The sale of a form: once for each that was shown, however often it is sent."""

from dataclasses import replace
from uuid import UUID

import structlog
from starlette.responses import RedirectResponse, Response

from services.billing.ledger import InsufficientBalance
from services.errors import N_, ShopError
from services.files.files import parse_file_id
from services.idempotency import KeyReused
from services.models.offers import ModelNotOnSale
from services.predictions.history import PredictionView
from services.predictions.submit import Order, PriceChanged
from services.values.kept_files import ids_in
from services.values.parse import Value
from web.cabinet.form_page import FormPage

log = structlog.get_logger()


class FormReused(KeyReused):
    """Somebody went back to a form that was sent, and changed it."""

    message = N_(
        "You have sent this form before, with other answers. To send what it holds now, press the button again."
    )


async def sell(order: Order, shown: FormPage) -> Response:
    """Or the form once more, with the reason; nothing was charged then."""
    predictions, (name, more) = shown.who.site.services.predictions, shown.more
    try:
        if more and not await predictions.has_sold(user_id=order.user_id, request_key=order.request_key):
            shown.require_credits()
        sold = await predictions.submit(order)
    except InsufficientBalance as error:
        return shown.lacking(error.needed - error.balance)
    except PriceChanged as error:
        services = shown.who.site.services
        offer = await services.plan_cover.of(await services.models.offer(shown.offer.slug), order.user_id)
        return shown.refused(error, offer=offer)
    except ModelNotOnSale:
        raise
    except ShopError as error:
        return shown.refused(error)
    place = f"/predictions/{sold.prediction_id}"
    if sold.repeated:
        before = await shown.who.site.services.history.get(sold.prediction_id, user_id=order.user_id)
        if not await _is_same(order, before, shown):
            return shown.afresh(FormReused(), before=place)
    if not more:
        return RedirectResponse(place, status_code=303)
    for number, file_id in enumerate(more, start=1):
        await _sell_another(order, number, {name: {"file": file_id}}, shown)
    return RedirectResponse("/history", status_code=303)


async def _sell_another(order: Order, number: int, picture: dict[str, Value], shown: FormPage) -> None:
    """Of several pictures. What is not sold any more is not charged, and the history does not have it."""
    key, inputs = f"{order.request_key}-{number}", {**order.inputs, **picture}
    try:
        await shown.who.site.services.predictions.submit(replace(order, request_key=key, inputs=inputs))
    except ShopError as error:
        log.info("not_sold", error=str(error), user_id=order.user_id)


async def _is_same(order: Order, before: PredictionView, shown: FormPage) -> bool:
    """A picture that is sent twice is kept twice: what is in it counts."""
    if (before.model_slug, before.preset_id) != (order.model_slug, order.preset_id):
        return False
    names = before.inputs.keys() | order.inputs.keys()
    pairs = [(before.inputs.get(name), order.inputs.get(name)) for name in names]
    changed = [(_files(one), _files(other)) for one, other in pairs if one != other]
    if not all(one and len(one) == len(other) for one, other in changed):
        return False
    pictures = [pair for one, other in changed for pair in zip(one, other, strict=True)]
    return await shown.who.site.services.files.alike(pictures, user_id=order.user_id)


def _files(value: object) -> list[UUID]:
    return [file_id for text in ids_in(value) if (file_id := parse_file_id(text)) is not None]
