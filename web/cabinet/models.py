"""A model's or a style's page: what it does, what it asks, what it costs; and the sale."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from secrets import token_urlsafe
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from i18n.prices import ANOTHER_PRICE
from i18n.tables import table_template
from services.files.files import parse_file_id
from services.manifests.manifest import FileInput, ImagesInput, Input, SeriesInput, TableInput
from services.manifests.preparation import MAX_BYTES as MAX_PICTURE
from services.market.live_answers import is_asked
from services.market.prices import Instrument
from services.models.asking import asked
from services.models.preset_rules import PresetNotFound
from services.predictions.history import PredictionNotFound
from services.predictions.submit import Order
from services.values.kept_files import place_of
from web.cabinet.entries import EXAMPLE, LIVE, Entries, bought, entries_of, fresh, kept_as, kept_ids
from web.cabinet.form_page import FormPage
from web.cabinet.form_reader import FormReader
from web.cabinet.pictures import public_picture, table_file
from web.cabinet.sale import sell
from web.kit.viewer import Customer, PageViewer, Someone, customer

router = APIRouter()
MOST_BYTES: Final = 3 * MAX_PICTURE
MOST_OF_A_STRANGER: Final = 1_000_000  # bytes that are read to keep what was typed
MOST_TEXT: Final = 64_000  # bytes of an answer
MOST_NUMBERS: Final = 2_000_000  # bytes of numbers that are pasted; a file may have more
MOST_FILES: Final = 40


@router.get("/models/{slug}")
async def show_model(
    request: Request, who: Someone, slug: str, filled: Annotated[str, Query(alias="fill-in")] = ""
) -> Response:
    """`fill-in`: `example`, or the hex id of the customer's prediction to repeat; other names as in the form."""
    offer = await who.site.services.models.offer(slug)
    if who.signed_in is not None:
        offer = await who.site.services.plan_cover.of(offer, who.signed_in.user.id)
    fields, _ = asked(offer)
    favourites = await _favourites(fields, who)
    if filled == EXAMPLE:
        entries = fresh(fields, example=True)
    elif filled and who.signed_in is not None:
        entries = await _bought(filled, fields, await customer(who))
    else:
        entries = _with_live(fresh(fields), fields, favourites)
    named = entries_of(fields, request.query_params)
    entries |= {
        name: entry for name, entry in named.items() if entry.text or entry.kept or entry.source or entry.ticker
    }
    there = await _there(entries, fields, who)
    return FormPage(who=who, offer=offer, fields=fields, entries=there, favourites=favourites).show()


@router.post("/models/{slug}", max_body_size=MOST_BYTES)
async def buy(request: Request, who: Someone, slug: str) -> Response:
    """Sold once for each form that was shown, however often it is sent."""
    if who.signed_in is None:
        return await _sign_in(request, who, slug)
    me = await customer(who)
    offer = await me.site.services.plan_cover.of(await me.site.services.models.offer(slug), me.user.id)
    fields, given = asked(offer)
    async with request.form(**_limits(fields)) as data:
        reader = FormReader(services=me.site.services, user_id=me.user.id, offer=offer, data=data)
        entries = await reader.read(fields)
        key, price, count = _key(data), _number(data, "form-price", offer.price_of(1)), _number(data, "form-count", 1)
    favourites = await _favourites(fields, me)
    shown = FormPage(who=me, offer=offer, fields=fields, entries=entries, key=key, favourites=favourites)
    if any(entry.value is None or entry.problem is not None for entry in entries.values()):
        return shown.show(status=422)
    if shown.count != count:
        return shown.show(status=409, problem=me.tr.gettext(ANOTHER_PRICE))
    order = Order(
        user_id=me.user.id,
        model_slug=offer.manifest.slug,
        model_version=offer.manifest.version,
        inputs={**given, **{name: entry.value for name, entry in entries.items()}},
        price=price,
        request_key=key,
        preset_id=offer.preset_id,
    )
    return await sell(order, shown)


@router.get("/models/{slug}/sample")
async def show_sample(who: Someone, slug: str) -> Response:
    """Of a style that is sold."""
    presets = who.site.services.presets
    if not (await presets.get(slug)).sold or (picture := await presets.sample(slug)) is None:
        raise PresetNotFound(slug=slug)
    return public_picture(picture)


@router.get("/models/{slug}/examples/{name}")
async def show_example(who: Someone, slug: str, name: str) -> Response:
    """The picture that comes with a model, to try it. `name`: its place in a row."""
    models = who.site.services.models
    manifest = models.manifest(slug)
    fields = () if manifest is None else manifest.inputs
    for field in fields:
        if isinstance(field, FileInput) and (example := _example_at(name, field)) is not None:
            return public_picture((models.folder(slug) / example).read_bytes())
    raise HTTPException(404)


def _example_at(place: str, field: FileInput) -> str | None:
    """The file of the folder."""
    if isinstance(field, ImagesInput):
        found = {place_of(field.name, position): name for position, name in enumerate(field.example or ())}
        return found.get(place)
    return field.example if field.name == place else None


@router.get("/models/{slug}/templates/{name}.xlsx")
async def save_template(who: Someone, slug: str, name: str) -> Response:
    """A table to fill in: its columns, and lines of an example."""
    models = who.site.services.models
    manifest = models.manifest(slug)
    fields = () if manifest is None else manifest.inputs
    for field in fields:
        if isinstance(field, TableInput) and field.name == name:
            table = await asyncio.to_thread(table_template, field, models.folder(slug), who.tr)
            return table_file(table, name=f"{name}.xlsx")
    raise HTTPException(404)


async def _sign_in(request: Request, who: PageViewer, slug: str) -> Response:
    """And back to the form, with what was typed as far as an address takes it."""
    place = f"/models/{quote(slug)}"
    if request.headers.get("content-length", "").isdigit() and (
        int(request.headers["content-length"]) <= MOST_OF_A_STRANGER
    ):
        offer = await who.site.services.models.offer(slug)
        fields, _ = asked(offer)
        async with request.form(**_limits(fields)) as data:
            entries = entries_of(fields, data)
        place = FormPage(who=who, offer=offer, fields=fields, entries=entries).place
    return RedirectResponse(f"/sign-in?next={quote(place, safe='')}", status_code=303)


async def _favourites(fields: list[Input], who: PageViewer) -> Sequence[Instrument]:
    if who.signed_in is None:
        return ()
    return await who.site.services.live_answers.favourites(fields, who.signed_in.user.id)


def _with_live(entries: Entries, fields: list[Input], favourites: Sequence[Instrument]) -> Entries:
    """Who took a paper before is shown those, not the series that come with the model."""
    mine = {
        field.name
        for field in fields
        if isinstance(field, SeriesInput) and any(is_asked(field, each) for each in favourites)
    }
    return {name: replace(entry, source=LIVE) if name in mine else entry for name, entry in entries.items()}


async def _bought(hex_id: str, fields: list[Input], me: Customer) -> Entries:
    """Raises `PredictionNotFound`, for rubbish too."""
    prediction_id = parse_file_id(hex_id)
    if prediction_id is None:
        raise PredictionNotFound(prediction_id=hex_id)
    return bought(fields, await me.site.services.history.get(prediction_id, user_id=me.user.id))


async def _there(entries: Entries, fields: list[Input], who: PageViewer) -> Entries:
    """Without pictures and sounds that are not kept any more, or were never this customer's."""
    pictures = [field.name for field in fields if isinstance(field, FileInput)]
    ids = {each for name in pictures for each in kept_ids(entries[name].kept)}
    user = None if who.signed_in is None else who.signed_in.user
    known = set() if user is None else await who.site.services.files.known(ids, user_id=user.id)
    there = {name: entries[name].kept for name in pictures if entries[name].kept in ("", EXAMPLE)}
    for name in pictures:
        there.setdefault(name, kept_as([each for each in kept_ids(entries[name].kept) if each in known]))
    return {name: replace(entry, more=(), kept=there.get(name, entry.kept)) for name, entry in entries.items()}


def _limits(fields: list[Input]) -> dict[str, int]:
    """Files go to the disk, texts stay in memory: of these there are no more than the form has."""
    numbers = any(isinstance(field, SeriesInput | TableInput) for field in fields)
    most = MOST_NUMBERS if numbers else MOST_TEXT
    ticks = sum(field.max_count for field in fields if isinstance(field, ImagesInput))
    return {"max_files": MOST_FILES, "max_fields": 9 * len(fields) + 10 + ticks, "max_part_size": most}


def _key(data: FormData) -> str:
    """Of the form that was shown; one that bears none is a new one."""
    key = data.get("form-key")
    return key if isinstance(key, str) and 16 <= len(key) <= 40 and key.isascii() else token_urlsafe(16)


def _number(data: FormData, name: str, otherwise: int) -> int:
    """As it was shown."""
    text = data.get(name)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 12 else otherwise
