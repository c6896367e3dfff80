"""The card of a version: what was found, what is told of it, and whether it is sold."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from db.tables.models import ComparisonStatus, VersionStatus
from i18n.answers import told_answers
from i18n.comparisons import comparison_lines
from i18n.translator import Translator
from i18n.uploads import STATES, found_words, question_words, refusal_words, title_of_version
from services.billing.credits import format_credits
from services.errors import ShopError
from services.manifests.manifest import Manifest
from services.models.manage import parse_price
from services.models.uploads.changes import FEATURES, LABELS
from services.models.uploads.comparisons import COMPARED
from services.models.uploads.publishing import NotAnswered, UploadCard
from services.models.uploads.versions import SELLABLE, VersionView
from web.admin.kit import Acts, Looks, StaffMember, Typed, confirmation, go, is_nonce, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/uploads/{version_id}")
MOST_NOTES: Final = 20


class WordsForm(BaseModel):
    ru: str = ""
    en: str = ""
    price: str = ""


@router.get("")
async def show_card(who: Looks, version_id: UUID, done: str = "") -> Response:
    return await _page(who, version_id, done=done)


@router.get("/state")
async def tell_state(who: Looks, version_id: UUID) -> Response:
    """For the page's script: a word that is another one when there is something new."""
    state = _state(await who.site.services.upload_management.card(version_id))
    return JSONResponse({"state": state}, headers={"cache-control": "no-store"})


@router.post("/words")
async def tell(who: Acts, version_id: UUID, typed: Annotated[WordsForm, Form()]) -> Response:
    uploads, errors = who.site.services.upload_management, {}
    was = (await uploads.card(version_id)).version
    for language, text in (("ru", typed.ru), ("en", typed.en)):
        if text.strip() and text != was.title.get(language, ""):
            try:
                await uploads.set_title(version_id, language, text, actor=who.actor)
            except ShopError as error:
                errors[language] = who.tr.error(error)
    try:
        if typed.price.strip() and (price := parse_price(typed.price)) != was.price:
            await uploads.set_price(version_id, price, actor=who.actor)
    except ShopError as error:
        errors["price"] = who.tr.error(error)
    return await _page(who, version_id, typed=typed, errors=errors) if errors else _back(version_id, "saved")


@router.post("/names", max_body_size=1_000_000)
async def name(who: Acts, version_id: UUID, what: Typed = "", names: Typed = "") -> Response:
    if what not in (LABELS, FEATURES):
        raise HTTPException(422)
    try:
        told = names.replace("\r\n", "\n")
        await who.site.services.upload_management.set_names(version_id, what, told, actor=who.actor)
    except ShopError as error:
        return await _page(who, version_id, errors={what: who.tr.error(error)})
    return _back(version_id, "saved")


@router.post("/join")
async def join(who: Acts, version_id: UUID, slug: Typed = "") -> Response:
    """It is a new version of this model; without one, a model of its own."""
    uploads = who.site.services.upload_management
    if slug:
        await uploads.join(version_id, slug, actor=who.actor)
    else:
        await uploads.keep_apart(version_id, actor=who.actor)
    return _back(version_id, "saved")


@router.post("/compare")
async def compare(who: Acts, version_id: UUID) -> Response:
    await who.site.services.upload_management.compare(version_id, actor=who.actor)
    return _back(version_id, "comparing")


@router.post("/publish")
async def publish(who: Acts, version_id: UUID, nonce: Typed = "") -> Response:
    uploads, tr = who.site.services.upload_management, who.tr
    card = await uploads.card(version_id)
    if card.missing:
        return await _page(who, version_id, errors={card.missing[0]: tr.error(NotAnswered(card.missing[0]))})
    if is_nonce(nonce):
        await uploads.publish(version_id, actor=who.actor)
        return _back(version_id, "on-sale")
    assert card.price is not None
    lines = [
        tr.html("<b>{title}</b>", title=title_of_version(card.version, tr)),
        tr.html("A prediction: {price}", price=_price(card.price, tr)),
    ]
    if card.published is not None and card.published.id != version_id:
        lines.append(
            tr.html("It takes the place of version {number}, which can come back.", number=card.published.number)
        )
    title, yes = tr.gettext("Sell version {number}?", number=card.version.number), tr.gettext("Put on sale")
    return _ask(who, version_id, "publish", title=title, lines=lines, yes=yes)


@router.post("/discard")
async def discard(who: Acts, version_id: UUID, nonce: Typed = "") -> Response:
    uploads, tr = who.site.services.upload_management, who.tr
    if is_nonce(nonce):
        await uploads.discard(version_id, actor=who.actor)
        return go("/admin/uploads", done="discarded")
    version = (await uploads.card(version_id)).version
    lines = [tr.html("<b>{title}</b>", title=title_of_version(version, tr))]
    return _ask(who, version_id, "discard", title=tr.gettext("Discard it?"), lines=lines, yes=tr.gettext("Discard"))


def _ask(who: StaffMember, version_id: UUID, verb: str, *, title: str, lines: Sequence[str], yes: str) -> Response:
    """`lines`: HTML."""
    place = f"/admin/uploads/{version_id.hex}"
    danger = verb == "discard"
    return confirmation(who, title=title, lines=lines, yes=yes, action=f"{place}/{verb}", back=place, danger=danger)


def _back(version_id: UUID, done: str) -> Response:
    return go(f"/admin/uploads/{version_id.hex}", done=done)


async def _page(
    who: StaffMember,
    version_id: UUID,
    *,
    done: str = "",
    typed: WordsForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    uploads, tr = who.site.services.upload_management, who.tr
    card = await uploads.card(version_id)
    version, manifest = card.version, await uploads.manifest(card.version)
    return panel(
        who,
        "uploads/card.html",
        status=422 if errors else 200,
        card=card,
        version=version,
        statuses=VersionStatus,
        title=title_of_version(version, tr),
        state=tr.gettext(STATES[version.status]),
        refusal=refusal_words(version, tr) if version.status is VersionStatus.REFUSED else "",
        manifest=manifest,
        typed=typed or _typed(card),
        price="" if card.price is None else _price(card.price, tr),
        **({} if manifest is None else _found(card, manifest, tr)),
        namable=version.status in (VersionStatus.CHECKED, VersionStatus.REFUSED),
        sellable=version.status in SELLABLE,
        comparable=_comparable(card),
        state_word=_state(card),
        waits=_is_waiting(card),
        resembled=[(each.slug, title_of_version(each, tr)) for each in card.resembled],
        errors=errors or {},
        done=notice(done, tr),
    )


def _found(card: UploadCard, manifest: Manifest, tr: Translator) -> dict[str, object]:
    """What the check saw, and what the comparison did."""
    report = card.version.report
    compared = card.compared
    return {
        "questions": [(tr.pick(each.label), question_words(each, tr)) for each in manifest.inputs],
        "answers": [told for _, told in told_answers(manifest, report.get("outputs", {}), tr)],
        "notes": found_words(card.version, tr, MOST_NOTES),
        "comparison": [] if compared is None else comparison_lines(compared, manifest, tr),
    }


def _state(card: UploadCard) -> str:
    """Another one once the check or the comparison has ended."""
    return f"{card.version.status}-{card.compared is not None and card.compared.status}"


def _is_waiting(card: UploadCard) -> bool:
    compared = card.compared
    going = compared is not None and compared.status is ComparisonStatus.QUEUED
    return card.version.status is VersionStatus.RECEIVED or going


def _comparable(card: UploadCard) -> bool:
    version, sold, last = card.version, card.published, card.compared
    going = last is not None and last.status is ComparisonStatus.QUEUED
    return sold is not None and sold.id != version.id and version.status in COMPARED and not going


def _typed(card: UploadCard) -> WordsForm:
    version: VersionView = card.version
    price = "" if version.price is None else format_credits(version.price)
    return WordsForm(ru=version.title.get("ru", ""), en=version.title.get("en", ""), price=price)


def _price(price: int, tr: Translator) -> str:
    return tr.credits(price) if price else tr.gettext("free")
