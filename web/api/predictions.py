"""`/predictions`: bought, looked at, listed, followed, wanted no more."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from db.tables.predictions import PredictionStatus
from services.billing.ledger import InsufficientBalance
from services.files.store import StoreAway
from services.idempotency import KeyReused
from services.manifests.manifest import SLUG
from services.models.asking import asked
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped, Offer
from services.predictions.cancel import Canceling
from services.predictions.history import UNFINISHED, HistoryFilter, PredictionNotFound, PredictionView
from services.predictions.json_answers import WrongAnswers, read_answers
from services.predictions.submit import Order, PriceChanged
from services.values.intake import IntakeBusy
from services.values.parse import Value
from web.api.callers import Caller, MayPredict, MayRead
from web.api.describing import Responses, refuses
from web.api.errors import FileNotFound, TooLate
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.pictures import PICTURE, picture_response
from web.api.prediction_view import Prediction, PredictionProgress, told, told_all
from web.api.routes import REPLAYED, SaleKey, make_router
from web.api.waiting import Wait, preference
from web.kit import events

router = make_router("predictions")
NOT_SOLD: Final = refuses(
    InsufficientBalance,
    ModelNotOnSale,
    PriceChanged,
    WrongAnswers,
    ModelStopped,
    ModelResting,
    IntakeBusy,
    StoreAway,
)
NOT_FINISHED: Final[Responses] = {202: {"model": Prediction, "description": "It is not finished"}}
NOT_THERE: Final = refuses(PredictionNotFound)
FOLLOWED: Final[Responses] = {
    200: {
        "description": "The prediction, or the events of it",
        "content": {
            events.MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": 'event: progress\ndata: {"status": "queued", "place": 2}\n\n',
            }
        },
    }
}
ImageName = Annotated[str, Path(pattern="^[a-z0-9_-]{1,64}$")]


class PredictionOrder(BaseModel):
    """What is to be predicted. Nothing is charged where the price is not the one that was said."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"model": "wine", "input": {"alcohol": 14.23}, "price": 100}]}
    )

    model: str = Field(pattern=f"^{SLUG}$", examples=["wine"], description="A slug of `/models`.")
    input: dict[str, Any] = Field(max_length=256, description="As the model's `input_schema` says.")
    price: int | None = Field(default=None, strict=True, ge=0, le=2**53, description="The price that was seen.")
    max_price: int | None = Field(default=None, strict=True, ge=0, le=2**53, description="The most that it may cost.")


@router.post(
    "/predictions",
    operation_id="createPrediction",
    summary="Buy a prediction",
    status_code=201,
    response_model=Prediction,
    responses={**NOT_FINISHED, **NOT_SOLD},
)
async def create_prediction(who: MayPredict, order: PredictionOrder, key: SaleKey, prefer: Wait = None) -> Response:
    """201 with the prediction, 202 where it was to be waited for and is not finished, or was not to be waited for."""
    wait, at_once = preference(prefer)
    offer = await who.site.services.models.offer(order.model)
    bought = await _order(who, offer, order, key)
    sold = await who.site.services.predictions.submit(bought)
    if sold.repeated or not wait:
        view = await who.site.services.history.get(sold.prediction_id, user_id=who.user.id)
    if sold.repeated and (view.model_slug, view.inputs) != (bought.model_slug, bought.inputs):
        raise KeyReused()
    if wait:
        view = await who.site.services.prediction_watch.end(sold.prediction_id, user_id=who.user.id, seconds=wait)
    prediction = await told(who, view)
    headers = {"location": prediction.url}
    if prefer is not None and (wait or at_once):
        headers["preference-applied"] = f"wait={wait}" if wait else "respond-async"
    if sold.repeated:
        headers[REPLAYED] = "true"
    status = 202 if at_once or (wait and view.status in UNFINISHED) else 201
    return Response(prediction.model_dump_json(), status, headers, media_type="application/json")


@router.get(
    "/predictions",
    operation_id="listPredictions",
    summary="Your predictions",
    responses=refuses(PredictionNotFound),
)
async def list_predictions(
    who: MayRead,
    limit: Limit = 20,
    cursor: Cursor = None,
    model: Annotated[str | None, Query(pattern=f"^{SLUG}$", description="Of one model or preset alone.")] = None,
    status: Annotated[PredictionStatus | None, Query(description="In one state alone.")] = None,
) -> Listed[Prediction]:
    """The newest first. Large inputs and answers are in them, too."""
    only = HistoryFilter(model_slug=model, statuses=() if status is None else (status,))
    found = await who.site.services.history.after(who.user.id, read_uuid(cursor), limit, only=only)
    last = found.items[-1].id if found.items else None
    return listed(await told_all(who, found.items), has_more=found.has_more, last=last)


@router.get(
    "/predictions/{prediction_id}",
    operation_id="getPrediction",
    summary="How a prediction stands",
    responses=NOT_THERE | FOLLOWED,
)
async def get_prediction(
    who: MayRead, prediction_id: UUID, accept: Annotated[str, Header(include_in_schema=False)] = ""
) -> Prediction:
    """With `Accept: text/event-stream`: each change of how it stands (`progress`), and its end (`finished`)."""
    view = await who.site.services.history.get(prediction_id, user_id=who.user.id)
    if events.MEDIA_TYPE in accept:
        return events.stream(_changes(who, view))  # type: ignore[return-value]  # FastAPI passes responses on
    return await told(who, view)


@router.post(
    "/predictions/{prediction_id}/cancel",
    operation_id="cancelPrediction",
    summary="Want it no more",
    responses=refuses(PredictionNotFound, TooLate),
)
async def cancel_prediction(who: MayPredict, prediction_id: UUID) -> Prediction:
    """One that has not begun is canceled and paid back. One that runs at a server is canceled there; it is paid back
    unless the answer is quicker. What runs here, or has ended, cannot be canceled."""
    done = await who.site.services.predictions.cancel(prediction_id, user_id=who.user.id)
    if done is Canceling.TOO_LATE:
        raise TooLate()
    return await told(who, await who.site.services.history.get(prediction_id, user_id=who.user.id))


@router.get(
    "/predictions/{prediction_id}/files/{name}",
    operation_id="getPredictionFile",
    summary="A picture or a sound of an answer",
    response_class=Response,
    responses=PICTURE | refuses(PredictionNotFound, FileNotFound, StoreAway),
)
async def get_prediction_file(who: MayRead, prediction_id: UUID, name: ImageName) -> Response:
    view = await who.site.services.history.get(prediction_id, user_id=who.user.id)
    pictures = await who.site.services.history.made(view)
    if name not in pictures:
        raise FileNotFound(name=name)
    return picture_response(pictures[name], name=name)


async def _order(who: Caller, offer: Offer, order: PredictionOrder, key: str) -> Order:
    if order.max_price is not None:
        offer = await who.site.services.plan_cover.of(offer, who.user.id)
        if (price := offer.price_of(1)) > order.max_price:
            raise PriceChanged(shown=order.max_price, price=price)
    fields, given = asked(offer)
    services = who.site.services
    values: dict[str, Value] = await read_answers(
        fields,
        order.input,
        user_id=who.user.id,
        files=services.files,
        intake=services.intake,
        live=services.live_answers,
    )
    return Order(
        user_id=who.user.id,
        model_slug=offer.manifest.slug,
        model_version=offer.manifest.version,
        inputs={**given, **values},
        price=offer.price_of(1) if order.price is None else order.price,
        request_key=key,
        preset_id=offer.preset_id,
    )


async def _changes(who: Caller, view: PredictionView) -> AsyncGenerator[bytes, None]:
    async with aclosing(who.site.services.prediction_watch.watch(view.id, user_id=who.user.id)) as states:
        async for state in states:
            if not state.finished:
                yield events.event("progress", PredictionProgress.of(state).model_dump_json())
    view = await who.site.services.history.get(view.id, user_id=who.user.id)
    yield events.event("finished", (await told(who, view)).model_dump_json())
