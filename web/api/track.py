"""`/track`: how often forecasts came true, as the public page shows it."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.forecasts.figures import ENOUGH, OutcomeFigures
from services.forecasts.record import ListedPaper, RecordPart, TrackRecord
from web.api.callers import MayRead
from web.api.routes import make_router

router = make_router("track")


class TrackBin(BaseModel):
    stated: float = Field(description="The mean of the probabilities that were said.")
    came: float = Field(description="The share of those forecasts that came true.")
    low: float = Field(description="Of a 95 % interval of that share (Wilson).")
    high: float
    count: int


class TrackFigures(BaseModel):
    """Of one thing that is said."""

    name: str
    event: str = Field(examples=["drawdown"], description="`drawdown`, `below` or `inside`.")
    horizon: int = Field(description="Trading days. What was said for another horizon has figures of its own.")
    measure: float = Field(description="The threshold of a drawdown, else the level.")
    count: int
    came: int
    low: float = Field(description="Of a 95 % interval of the share that came.")
    high: float
    score: float = Field(description="The mean: Brier, pinball loss or interval score; less is better.")
    base_score: float | None = Field(description="The Brier score of who always says the share that came.")
    bins: list[TrackBin] = Field(description="Calibration, of a probability.")


class TrackPart(BaseModel):
    """Of a version, a paper, or all. `figures` are empty until there are enough judged forecasts."""

    key: str = Field(description="The version, or the paper's symbol.", examples=["SBER"])
    name: str = Field(description="Of a paper.")
    exchange: str = Field(description="As above: one symbol at two sources is two papers.")
    judged: int
    waiting: int
    void: int = Field(description="Something of it could not be judged: it is in no figure.")
    figures: list[TrackFigures]


class ListedOne(BaseModel):
    """A paper of the shop's own list."""

    symbol: str
    name: str
    exchange: str
    since: datetime
    until: datetime | None = Field(description="Taken off then.")
    missed: int = Field(description="Weeks without a forecast of it, that are over.")


class ModelTrack(BaseModel):
    model: str
    horizon: int = Field(description="Trading days.")
    listed: TrackPart = Field(description="The shop's own list, one forecast a week and paper.")
    bought: TrackPart = Field(
        description="What customers bought, all together, each that is the same once, in steps of 30."
    )
    versions: list[TrackPart]
    papers: list[TrackPart]
    on_list: list[ListedOne] = Field(description="What is on the list, and what was taken off.")
    first_made_at: datetime | None = Field(description="Of the list, as `next_due`.")
    next_due: date | None = Field(description="Nothing more is judged before.")


class PublicTrack(BaseModel):
    enough: int = Field(description="So many judged forecasts have figures.", examples=[30])
    length: int = Field(description="Of the chain of what was published; all of it is at /track.csv.")
    hash: str = Field(description="Of its last entry.")
    models: list[ModelTrack]


@router.get("/track", operation_id="getTrack", summary="How often forecasts came true")
async def get_track(who: MayRead) -> PublicTrack:
    record = await who.site.services.track.record()
    models = [_model(each) for each in record.models]
    return PublicTrack(enough=ENOUGH, length=record.length, hash=record.hash, models=models)


def _model(record: TrackRecord) -> ModelTrack:
    return ModelTrack(
        model=record.model_slug,
        horizon=record.horizon,
        listed=_part(record.listed),
        bought=_part(record.bought),
        versions=[_part(each) for each in record.versions],
        papers=[_part(each) for each in record.papers],
        on_list=[_listed(each) for each in record.papers_on_list],
        first_made_at=record.first_made_at,
        next_due=record.next_due,
    )


def _listed(paper: ListedPaper) -> ListedOne:
    return ListedOne(
        symbol=paper.symbol,
        name=paper.name,
        exchange=paper.exchange,
        since=paper.since,
        until=paper.until,
        missed=paper.missed,
    )


def _part(part: RecordPart) -> TrackPart:
    counts = part.counts
    figures = [_figures(each) for each in part.told]
    return TrackPart(
        key=part.key,
        name=part.name,
        exchange=part.exchange,
        judged=counts.judged,
        waiting=counts.waiting,
        void=counts.void,
        figures=figures,
    )


def _figures(figures: OutcomeFigures) -> TrackFigures:
    bins = [
        TrackBin(stated=each.stated, came=each.share, low=each.low, high=each.high, count=each.count)
        for each in figures.bins
    ]
    return TrackFigures(
        name=figures.name,
        event=figures.event,
        horizon=figures.horizon,
        measure=figures.measure,
        count=figures.count,
        came=figures.came,
        low=figures.low,
        high=figures.high,
        score=figures.score,
        base_score=figures.base_score,
        bins=bins,
    )
