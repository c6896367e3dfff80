"""`/scorings`: whole tables, once they were sent: ordered, watched, and the file with the answers."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from i18n.scorings import cell_words
from services.billing.ledger import InsufficientBalance
from services.files.store import StoreAway
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped, Offer
from services.predictions.submit import PriceChanged
from services.scoring.choosing import BadColumns
from services.scoring.queries import ScoringNotFound, ScoringView
from services.scoring.service import result_name
from services.scoring.submit import ModelChanged, NothingToAnswer, ScoringOrder, TooManyTables
from services.values.errors import InvalidValue
from services.values.intake import IntakeBusy
from services.values.sheets import CSV, XLSX
from web.api.callers import Caller, MayPredict, MayRead
from web.api.describing import FILE, Responses, refuses
from web.api.errors import FileNotFound, TooLate
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.routes import make_router
from web.api.scoring_view import Scoring, tell
from web.kit.file_names import saved_as

NOT_THERE: Final = refuses(ScoringNotFound)
RESULT: Final[Responses] = {200: {"description": "The table with its answers", "content": {CSV: FILE, XLSX: FILE}}}
router = make_router("scorings")


class ColumnChoice(BaseModel):
    """Which columns answer what was `unclear`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"columns": {"ash": 2, "hue": None}}]})

    columns: dict[str, Annotated[int, Field(strict=True, ge=0, le=10_000)] | None] = Field(
        min_length=1,
        max_length=256,
        description="By input: a column's place, from 0; null for its default in every row.",
    )


class TableOrder(BaseModel):
    """Nothing is charged where it costs something else."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"total": 50_000}]})

    total: int = Field(strict=True, ge=0, le=2**53, description="The price of all rows that was seen.")


@router.get("/scorings", operation_id="listScorings", summary="Tables that you have ordered", responses=NOT_THERE)
async def list_scorings(who: MayRead, limit: Limit = 20, cursor: Cursor = None) -> Listed[Scoring]:
    """The newest first."""
    found = await who.site.services.scorings.after(who.user.id, read_uuid(cursor), limit)
    last = found.items[-1].id if found.items else None
    return listed([await tell(who, view) for view in found.items], has_more=found.has_more, last=last)


@router.get("/scorings/{scoring_id}", operation_id="getScoring", summary="How a table stands", responses=NOT_THERE)
async def get_scoring(who: MayRead, scoring_id: UUID) -> Scoring:
    return await tell(who, await who.site.services.scorings.get(scoring_id, user_id=who.user.id))


@router.post(
    "/scorings/{scoring_id}/columns",
    operation_id="chooseScoringColumns",
    summary="Say which column is which",
    responses=refuses(ScoringNotFound, ModelNotOnSale, ModelChanged, BadColumns, InvalidValue, IntakeBusy, StoreAway),
)
async def choose_columns(who: MayPredict, scoring_id: UUID, choice: ColumnChoice) -> Scoring:
    """After the last that was unclear the rows are checked."""
    scorings = who.site.services.scorings
    view = await scorings.get(scoring_id, user_id=who.user.id)
    offer = await _offer(who, view)
    chosen = await scorings.choose(view.id, offer, user_id=who.user.id, columns=choice.columns, say=cell_words(who.tr))
    return await tell(who, chosen)


@router.post(
    "/scorings/{scoring_id}/order",
    operation_id="orderScoring",
    summary="Have its rows answered",
    responses=refuses(
        ScoringNotFound,
        InsufficientBalance,
        ModelNotOnSale,
        ModelChanged,
        ModelStopped,
        ModelResting,
        PriceChanged,
        NothingToAnswer,
        TooManyTables,
    ),
)
async def order_scoring(who: MayPredict, scoring_id: UUID, order: TableOrder) -> Scoring:
    """It is paid for once, however often this is sent. Rows without an answer are paid back at the end."""
    wish = ScoringOrder(scoring_id=scoring_id, user_id=who.user.id, total=order.total)
    ordered = await who.site.services.scorings.order(wish)
    return await tell(who, ordered.view)


@router.post(
    "/scorings/{scoring_id}/cancel",
    operation_id="cancelScoring",
    summary="Want no more of it",
    responses=refuses(ScoringNotFound, TooLate),
)
async def cancel_scoring(who: MayPredict, scoring_id: UUID) -> Scoring:
    """What is answered is delivered and paid for, the rest comes back."""
    scorings = who.site.services.scorings
    if not await scorings.cancel(scoring_id, user_id=who.user.id):
        raise TooLate()
    return await tell(who, await scorings.get(scoring_id, user_id=who.user.id))


@router.get(
    "/scorings/{scoring_id}/result",
    operation_id="getScoringResult",
    summary="The table with its answers",
    response_class=Response,
    responses=RESULT | refuses(ScoringNotFound, FileNotFound, StoreAway),
)
async def get_result(who: MayRead, scoring_id: UUID) -> Response:
    """Of the kind that was sent, with the answers as new columns, while it is kept."""
    view = await who.site.services.scorings.get(scoring_id, user_id=who.user.id)
    if (content := await who.site.services.scorings.result(view)) is None:
        raise FileNotFound(file_id=view.result_file_id)
    headers = {"content-disposition": saved_as(result_name(view)), "cache-control": "no-store"}
    return Response(content, media_type=CSV if view.source.kind == "csv" else XLSX, headers=headers)


async def _offer(who: Caller, view: ScoringView) -> Offer:
    offer = await who.site.services.scorings.offer_of(view)
    if offer is None:
        raise ModelNotOnSale(slug=view.model_slug)
    return offer
