"""A model's page for whole tables: what to send, a file to fill in, and the table that is sent."""

import asyncio
import shutil
from typing import Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from i18n.prices import price_words
from i18n.scorings import cell_words, wording_in
from i18n.table_guide import columns_allowed, guide_in
from i18n.titles import title_of
from services.errors import N_, ShopError
from services.manifests.cells import takes_tables
from services.models.offers import ModelNotOnSale, Offer
from services.scoring.queries import ScoringView
from services.scoring.source import MAX_ROWS
from services.scoring.template import template, template_name
from services.values.errors import FileTooLarge
from services.values.sheets import MAX_BYTES
from web.cabinet.pictures import table_file
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me, PageViewer, Someone

router = APIRouter(prefix="/models/{slug}/table")
OVERHEAD: Final = 100_000  # bytes of a form beside its file


class NoTable(ShopError):
    message = N_("Choose a file: CSV or Excel.")


@router.get("")
async def show_page(who: Someone, slug: str) -> Response:
    return _page(who, await table_offer(who, slug))


@router.get("/template.{kind}")
async def save_template(who: Someone, slug: str, kind: Literal["csv", "xlsx"]) -> Response:
    offer = await table_offer(who, slug)
    content = await template(guide_in(who.tr, offer), decimal=who.tr.decimal_sign, kind=kind)
    return table_file(content, name=template_name(title_of(offer, who.tr).text, kind))


@router.post("", max_body_size=MAX_BYTES + OVERHEAD)
async def send(request: Request, me: Me, slug: str) -> Response:
    """It costs nothing yet: its page tells the price."""
    offer = await table_offer(me, slug)
    async with request.form(max_files=1, max_fields=4) as data:
        sent = data.get("table")
        try:
            if not isinstance(sent, UploadFile) or not sent.size:
                raise NoTable()
            view = await _begin(me, offer, sent)
        except ShopError as problem:
            return _page(me, offer, problem)
    return RedirectResponse(f"/tables/{view.id}", status_code=303)


async def table_offer(who: PageViewer, slug: str) -> Offer:
    """As it is sold to whoever asks. Raises `ModelNotOnSale`, also where it takes no tables."""
    offer = await who.site.services.models.offer(slug)
    if not takes_tables(offer.manifest):
        raise ModelNotOnSale(slug=slug)
    return offer if who.signed_in is None else await who.site.services.plan_cover.of(offer, who.signed_in.user.id)


async def _begin(me: Customer, offer: Offer, sent: UploadFile) -> ScoringView:
    if (sent.size or 0) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    services = me.site.services
    async with services.intake.upload(me.user.id) as upload:
        await asyncio.to_thread(shutil.copyfileobj, sent.file, upload.file)
        return await services.scorings.begin(
            offer,
            upload,
            name=sent.filename or "table",
            user_id=me.user.id,
            wording=wording_in(me.tr),
            say=cell_words(me.tr),
        )


def _page(who: PageViewer, offer: Offer, problem: ShopError | None = None) -> Response:
    tr = who.tr
    return page(
        who,
        "cabinet/model_table.html",
        status=200 if problem is None else refusal_of(problem).status,
        offer=offer,
        columns=columns_allowed(offer, tr),
        rows=tr.number(MAX_ROWS, 0),
        price=price_words(offer.price, tr),
        problem="" if problem is None else tr.error(problem),
        sign_in=f"/sign-in?next={quote(f'/models/{offer.slug}/table', safe='')}",
    )
