"""A prediction as the API shows it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from db.tables.predictions import ErrorCode, PredictionStatus
from i18n.answers import advice_text
from i18n.predictions import reason
from services.predictions.error_codes import written
from services.predictions.history import PredictionView
from services.predictions.watching import PredictionState
from services.values.json_values import to_json
from web.api.callers import Caller

CODES: Final = {code: written(code) for code in ErrorCode}
"""As rows keep them, written as codes are here."""


class Failure(BaseModel):
    """Why there is no answer. It was paid back."""

    code: str = Field(examples=["run_failed"])
    detail: str


class Prediction(BaseModel):
    """One paid run of a model."""

    id: UUID
    url: str
    model: str = Field(description="Its slug.", examples=["wine"])
    model_version: str
    preset: str | None = Field(description="The slug of the preset that it was bought as, while that is sold.")
    status: PredictionStatus
    price: int = Field(description="In hundredths of a credit.", examples=[100])
    input: dict[str, Any]
    output: dict[str, Any] | None = Field(description="As the model's `output_schema` says; pictures are addresses.")
    advice: str | None = Field(description="What follows from it.")
    error: Failure | None
    created_at: datetime
    finished_at: datetime | None


class PredictionProgress(BaseModel):
    """How it stands, in an event `progress`."""

    status: PredictionStatus
    place: int = Field(description="In its model's queue, from 1; 0 once it runs.")
    ahead: int | None = Field(description="So many jobs are ahead of it at a server.")
    percent: int | None = Field(description="So much of it is done at a server.")
    canceling: bool

    @classmethod
    def of(cls, state: PredictionState) -> "PredictionProgress":
        return cls(
            status=state.status,
            place=state.place,
            ahead=state.ahead,
            percent=state.percent,
            canceling=state.canceling,
        )


async def told(who: Caller, view: PredictionView) -> Prediction:
    return (await told_all(who, [view]))[0]


async def told_all(who: Caller, views: Sequence[PredictionView]) -> list[Prediction]:
    models, presets = who.site.services.models, {view.preset_id for view in views} - {None}
    slugs = {offer.preset_id: offer.slug for offer in await models.sold()} if presets else {}
    hidden = {preset: (await models.preset_inputs(preset)).keys() for preset in presets}
    return [_told(who, view, slugs.get(view.preset_id), hidden.get(view.preset_id, ())) for view in views]


def _told(who: Caller, view: PredictionView, preset: str | None, hidden: Collection[str]) -> Prediction:
    url = f"{who.site.public_url or ''}/api/v1/predictions/{view.id}"
    manifest = who.site.services.models.manifest(view.model_slug)
    advice = "" if manifest is None else advice_text(manifest, view.result or {}, who.tr)
    ended_badly = view.status in {PredictionStatus.FAILED, PredictionStatus.CANCELED}
    code = view.error_code or (ErrorCode.UNEXPECTED if view.status is PredictionStatus.FAILED else None)
    return Prediction(
        id=view.id,
        url=url,
        model=view.model_slug,
        model_version=view.model_version,
        preset=preset,
        status=view.status,
        price=view.price,
        input={name: to_json(value) for name, value in view.inputs.items() if name not in hidden},
        output=None if view.status is not PredictionStatus.SUCCEEDED else _output(view.result or {}, url),
        advice=advice or None,
        error=Failure(code="canceled" if code is None else CODES[code], detail=reason(view, manifest, who.tr))
        if ended_badly
        else None,
        created_at=view.created_at,
        finished_at=view.finished_at,
    )


def _output(result: Mapping[str, Any], url: str) -> dict[str, Any]:  # Any: JSON of a row
    """A picture's address stands for it, or beside what was found in it."""
    told = dict(result.get("outputs", {}))
    for name in result.get("files") or {}:
        address = f"{url}/files/{name}"
        told[name] = {**told[name], "image": address} if isinstance(told.get(name), dict) else address
    return told
