"""A table as the API shows it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from db.tables.predictions import ErrorCode
from db.tables.scorings import ScoringStatus
from i18n.scorings import ended_lines
from i18n.text import plain_of
from services.models.offers import Offer
from services.scoring.choosing import unanswered
from services.scoring.queries import ScoringView
from web.api.callers import Caller
from web.api.prediction_view import CODES, Failure


class RowProblem(BaseModel):
    row: int = Field(description="Of the file, counted from 1.")
    detail: str


class Scoring(BaseModel):
    """A whole table that a model answers, row by row."""

    id: UUID
    url: str
    model: str = Field(description="Its slug.", examples=["wine"])
    model_version: str
    status: ScoringStatus
    file_name: str
    kind: Literal["csv", "workbook"]
    headings: list[str] = Field(description="Of the columns; empty where there is no header.")
    columns: dict[str, int | None] = Field(description="By input, from 0; null for its default in every row.")
    unclear: list[str] = Field(description="Inputs of which it is to be said which column they are.")
    rows: int = Field(description="0 while columns are unclear.")
    bad_rows: int = Field(description="Those that cannot be taken; they cost nothing.")
    problems: list[RowProblem] = Field(description="Of the first bad rows; the result has all of them.")
    price: int = Field(description="Of a row, in hundredths of a credit; 0 where a plan pays.", examples=[100])
    total: int = Field(description="Of all good rows; what an order names.", examples=[50_000])
    done_rows: int
    failed_rows: int = Field(description="Done, and without an answer.")
    paid_back: int = Field(description="What came back at the end, in hundredths of a credit.")
    canceling: bool
    error: Failure | None
    result_url: str | None
    created_at: datetime
    finished_at: datetime | None


async def tell(who: Caller, view: ScoringView) -> Scoring:
    offer = await who.site.services.scorings.offer_of(view)
    if offer is not None and not view.is_ordered:
        offer = await who.site.services.plan_cover.of(offer, who.user.id)
    return _told(who, view, offer)


def _told(who: Caller, view: ScoringView, offer: Offer | None) -> Scoring:
    """`offer`: what it is for, as it is sold now."""
    url = f"{who.site.public_url or ''}/api/v1/scorings/{view.id}"
    draft = None if view.is_ordered else offer
    price = view.price if draft is None else draft.price
    total = view.price * view.good if draft is None else draft.price_of_rows(view.good)
    delivered = view.status is ScoringStatus.SUCCEEDED
    left = view.good - view.answered if delivered else view.good
    return Scoring(
        id=view.id,
        url=url,
        model=view.model_slug,
        model_version=view.model_version,
        status=view.status,
        file_name=view.source.name,
        kind=view.source.kind,
        headings=list(view.source.headings),
        columns=dict(view.columns),
        unclear=[] if draft is None else unanswered(view, draft),
        rows=view.rows,
        bad_rows=view.bad,
        problems=[RowProblem(row=row, detail=why) for row, why in view.problems],
        price=price if total else 0,
        total=total,
        done_rows=view.done,
        failed_rows=view.failed,
        paid_back=left * view.price if view.finished_at is not None else 0,
        canceling=view.canceling,
        error=_failure(view, who),
        result_url=f"{url}/result" if delivered and view.result_file_id is not None else None,
        created_at=view.created_at,
        finished_at=view.finished_at,
    )


def _failure(view: ScoringView, who: Caller) -> Failure | None:
    if view.status not in (ScoringStatus.FAILED, ScoringStatus.CANCELED):
        return None
    code = view.error_code or (ErrorCode.UNEXPECTED if view.status is ScoringStatus.FAILED else None)
    return Failure(code="canceled" if code is None else CODES[code], detail=plain_of(ended_lines(view, who.tr)[0]))
