"""What a customer bought; and their pictures, which they may delete."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from db.tables.predictions import PredictionStatus
from i18n.history import MARKS
from i18n.prices import price_words
from i18n.titles import titles_in
from services.predictions.history import HistoryFilter
from web.kit.pages import page
from web.kit.viewer import Me

router = APIRouter(prefix="/history")
ON_PAGE: Final = 20
STATES: Final = {
    "under-way": (PredictionStatus.QUEUED, PredictionStatus.RUNNING),
    "ready": (PredictionStatus.SUCCEEDED,),
    "returned": (PredictionStatus.FAILED, PredictionStatus.CANCELED),
}


@router.get("")
async def show_history(
    me: Me, model: str = "", state: str = "", number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0
) -> Response:
    """`state`: one of `STATES`; anything else is every state."""
    history, tr = me.site.services.history, me.tr
    only = HistoryFilter(model_slug=model or None, statuses=STATES.get(state, ()))
    titles = await titles_in(tr, me.site.services.models, presets=True)
    slugs = await history.models(me.user.id)
    kept = {name: text for name, text in (("model", model), ("state", state)) if text}
    return page(
        me,
        "cabinet/history.html",
        bought=await history.page(me.user.id, number, ON_PAGE, only=only),
        titles=titles,
        marks=MARKS,
        price_words=price_words,
        model=model,
        state=state,
        models=sorted(((slug, titles.of(slug).text) for slug in slugs), key=lambda pair: pair[1]),
        states=[
            ("under-way", tr.gettext("under way")),
            ("ready", tr.gettext("ready")),
            ("returned", tr.gettext("credits returned")),
        ],
        filtered=bool(kept),
        tables=(await me.site.services.scorings.page(me.user.id, 0, 1)).items,
        pages=f"/history?{urlencode(kept)}{'&' if kept else ''}page=",
    )


@router.get("/pictures")
async def ask_whether(me: Me) -> Response:
    return page(me, "cabinet/pictures.html", deleted=None)


@router.post("/pictures")
async def delete_pictures(me: Me) -> Response:
    """A second time there is nothing left to delete."""
    deleted = await me.site.services.file_cleanup.delete_of(me.user.id)
    return page(me, "cabinet/pictures.html", deleted=deleted)
