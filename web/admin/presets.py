"""Styles: what they are called, cost and tell the model, their order, whether they are sold. Owners change them."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from i18n.inputs import answers_words
from services.errors import ChangedMeanwhile, ShopError
from services.models.presets import PresetView
from services.predictions.latest_answers import latest_answers
from web.admin.kit import Looks, LooksAtAll, Owns, StaffMember, Typed, confirmation, decide, go, is_nonce, panel
from web.admin.notices import notice
from web.admin.preset_forms import PresetForm, as_typed, problem_field

router = APIRouter(prefix="/admin/presets")
UP: Final = "up"


@router.get("")
async def show_presets(who: Looks, done: str = "") -> Response:
    presets = await who.site.services.presets.all()
    return panel(who, "presets/list.html", presets=presets, done=notice(done, who.tr))


@router.get("/{slug}")
async def ask_parts(who: LooksAtAll, slug: str, done: str = "") -> Response:
    preset = await who.site.services.presets.get(slug)
    return await preset_page(who, preset, as_typed(preset), done=done)


@router.post("/{slug}")
async def edit(who: Owns, slug: str, typed: Annotated[PresetForm, Form()]) -> Response:
    preset = await who.site.services.presets.get(slug)
    try:
        await _save(who, preset, typed)
    except ShopError as error:
        field = problem_field(error)
        shown = typed.model_copy(update={"was_price": as_typed(preset).was_price}) if field == "price" else typed
        return await preset_page(who, preset, shown, {field: who.tr.error(error)})
    return go(f"/admin/presets/{slug}", done="saved")


@router.post("/{slug}/sale")
async def switch(who: Owns, slug: str, on: Typed = "") -> Response:
    await who.site.services.preset_management.enable(slug, enabled=bool(on), actor=who.actor)
    return go("/admin/presets", done="on-sale" if on else "off-sale")


@router.post("/{slug}/move")
async def move(who: Owns, slug: str, way: Typed = UP, nonce: Typed = "") -> Response:
    await who.site.services.presets.get(slug)
    await decide(who, nonce)
    await who.site.services.preset_management.move(slug, places=-1 if way == UP else 1, actor=who.actor)
    return go("/admin/presets", done="moved")


@router.post("/{slug}/delete")
async def delete(who: Owns, slug: str, nonce: Typed = "") -> Response:
    preset = await who.site.services.presets.get(slug)
    if is_nonce(nonce):
        await who.site.services.preset_management.delete(slug, actor=who.actor)
        return go("/admin/presets", done="deleted")
    return confirmation(
        who,
        title=who.tr.gettext("Delete this style?"),
        lines=[who.tr.escape(who.tr.pick(preset.title)), who.tr.html("It cannot be brought back.")],
        yes=who.tr.gettext("Delete"),
        action=f"/admin/presets/{slug}/delete",
        back=f"/admin/presets/{slug}",
        danger=True,
    )


async def _save(who: StaffMember, preset: PresetView, typed: PresetForm) -> None:
    """Raises `ChangedMeanwhile` where somebody else has set another price."""
    now = as_typed(preset).price
    if typed.was_price not in {typed.price, now}:
        raise ChangedMeanwhile(now)
    change = typed.parsed(now if typed.price == typed.was_price else typed.price)
    await who.site.services.preset_management.change(preset.slug, change, actor=who.actor)


async def preset_page(
    who: StaffMember, preset: PresetView, typed: PresetForm, errors: Mapping[str, str] | None = None, *, done: str = ""
) -> Response:
    services, manifest = who.site.services, who.site.services.models.manifest(preset.model_slug)
    latest = await latest_answers(services.history, who.user.id, manifest)
    return panel(
        who,
        "presets/form.html",
        status=422 if errors else 200,
        preset=preset,
        typed=typed,
        answers="" if manifest is None else answers_words(manifest, preset.inputs, who.tr),
        latest="" if manifest is None else answers_words(manifest, latest, who.tr),
        errors=errors or {},
        done=notice(done, who.tr),
    )
