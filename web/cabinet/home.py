"""The first page: what is on sale, and of a customer their last answers; and the gallery of styles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from i18n.models import category_words
from i18n.prices import price_words
from services.models.presets import PresetView, category_key
from web.kit.pages import page
from web.kit.viewer import PageViewer, Someone

router = APIRouter()
LATEST: Final = 5
ALL: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Styles of one category. `key`: its place on the page of all."""

    key: str
    title: dict[str, str]
    styles: Sequence[PresetView]


@router.get("/")
async def home(who: Someone) -> Response:
    services = who.site.services
    sold = await services.models.sold()
    offers = [offer for offer in sold if offer.category is None and not offer.manifest.is_assistant]
    latest = None if who.signed_in is None else await services.history.page(who.signed_in.user.id, 0, LATEST)
    return page(
        who,
        "cabinet/home.html",
        offers=offers,
        category_words=category_words,
        assistants=[offer for offer in sold if offer.manifest.is_assistant],
        shelves=await _shelves(who),
        latest=latest,
        titles=replace(who.titles, presets=[offer for offer in sold if offer.preset_id is not None]),
        price_words=price_words,
    )


@router.get("/styles")
async def styles(who: Someone, photo: str = "") -> Response:
    """`photo`: the file of the customer's that waits for a style, in hex."""
    waiting = photo if photo.isalnum() and len(photo) == 32 else ""
    shelves = await _shelves(who)
    return page(who, "cabinet/styles.html", shelves=shelves, photo=waiting, price_words=price_words)


async def _shelves(who: PageViewer) -> list[Shelf]:
    if not who.site.services.features.images:
        return []
    groups: dict[str, list[PresetView]] = {}
    for view in (await who.site.services.presets.page(size=ALL)).items:
        groups.setdefault(category_key(view.category or {}), []).append(view)
    return [Shelf(key=key, title=views[0].category or {}, styles=views) for key, views in groups.items()]
