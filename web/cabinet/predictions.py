"""A prediction: how it goes on, its answer, what comes with it. Another customer's is not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from i18n.predictions import progress_words
from i18n.tables import answer_tables
from services.files.files import parse_file_id
from services.manifests.manifest import TextOutput
from services.predictions.history import PredictionNotFound, PredictionView
from web.cabinet.answer import AnswerPage
from web.cabinet.pictures import attachment, private_picture, table_file
from web.kit.viewer import Customer, Me

router = APIRouter(prefix="/predictions/{hex_id}")
TEXT: Final = "text/plain; charset=utf-8"


async def prediction(me: Me, hex_id: str) -> PredictionView:
    """The customer's own. Raises `PredictionNotFound`, for rubbish too."""
    prediction_id = parse_file_id(hex_id)
    if prediction_id is None:
        raise PredictionNotFound(prediction_id=hex_id)
    return await me.site.services.history.get(prediction_id, user_id=me.user.id)


Bought = Annotated[PredictionView, Depends(prediction)]


@router.get("")
async def show_prediction(me: Me, view: Bought, canceling: str = "") -> Response:
    """`canceling`: what became of the wish."""
    return await (await AnswerPage.of(me, view)).show(canceling)


@router.get("/events", response_class=EventSourceResponse)
async def follow(me: Me, view: Bought) -> AsyncIterator[ServerSentEvent]:
    """`progress`, its words; `done` at the end."""
    async with aclosing(me.site.services.prediction_watch.watch(view.id, user_id=me.user.id)) as states:
        async for state in states:
            if state.finished:
                yield ServerSentEvent(event="done", data=state.status)
            else:
                yield ServerSentEvent(event="progress", data=progress_words(state, me.tr))


@router.post("/cancel")
async def cancel_prediction(me: Me, view: Bought) -> Response:
    done = await me.site.services.predictions.cancel(view.id, user_id=me.user.id)
    return RedirectResponse(f"/predictions/{view.id}?canceling={done.name.lower()}", status_code=303)


@router.get("/pictures/{name}")
async def show_picture(me: Me, view: Bought, name: str, save: bool = False) -> Response:
    """What the model made, while it is kept."""
    content = (await me.site.services.history.made(view)).get(name)
    if content is None:
        raise HTTPException(404)
    return private_picture(content, name=f"{view.model_slug}-{view.id.hex[:8]}", saved=save)


@router.get("/table.csv")
async def save_table(me: Me, view: Bought) -> Response:
    """All numbers of series."""
    return await _saved_table(me, view, "")


@router.get("/tables/{name}.{kind}")
async def save_answer_table(me: Me, view: Bought, name: str, kind: Literal["csv", "xlsx"]) -> Response:
    """A vector or a table of the answer."""
    return await _saved_table(me, view, name, kind)


async def _saved_table(me: Customer, view: PredictionView, output: str, kind: str = "csv") -> Response:
    manifest = me.site.services.models.manifest(view.model_slug)
    if manifest is None or view.result is None:
        raise HTTPException(404)
    tables = await asyncio.to_thread(answer_tables, manifest, view.result["outputs"], me.tr)
    if (found := next((each for each in tables if (each.output, each.kind) == (output, kind)), None)) is None:
        raise HTTPException(404)
    name = "-".join(part for part in (view.model_slug, view.id.hex[:8], output) if part)
    return table_file(found.content, name=f"{name}.{kind}")


@router.get("/texts/{name}.txt")
async def save_text(me: Me, view: Bought, name: str) -> Response:
    manifest = me.site.services.models.manifest(view.model_slug)
    outputs = () if manifest is None else manifest.outputs
    text = (view.result or {}).get("outputs", {}).get(name)
    if not isinstance(text, str) or not any(isinstance(each, TextOutput) and each.name == name for each in outputs):
        raise HTTPException(404)
    return attachment(text.encode(), name=f"{name}.txt", media_type=TEXT)
