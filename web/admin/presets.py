"""Styles: what they are called, cost and tell the model, their order, whether they are sold. Owners change them."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from services.billing.credits import format_credits
from services.errors import ChangedMeanwhile, ShopError
from services.models.manage import parse_price
from services.models.preset_manage import PresetChange
from services.models.preset_rules import BadPreset, NoPrompt
from services.models.presets import PresetView
from web.admin.kit import Looks, LooksAtAll, Owns, StaffMember, Typed, confirmation, decide, go, is_nonce, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/presets")
UP: Final = "up"


class PresetForm(BaseModel):
    """`price`: empty for the model's; `was_price`: as it was when the form was shown. A category in both languages, or
    in none."""

    ru: str = ""
    en: str = ""
    category_ru: str = ""
    category_en: str = ""
    icon: str = ""
    price: str = ""
    was_price: str = ""
    prompt: str = ""


@router.get("")
async def show_presets(who: Looks, done: str = "") -> Response:
    presets = await who.site.services.presets.all()
    return panel(who, "presets/list.html", presets=presets, done=notice(done, who.tr))


@router.get("/{slug}")
async def ask_parts(who: LooksAtAll, slug: str, done: str = "") -> Response:
    preset = await who.site.services.presets.get(slug)
    return _form(who, preset, _as_typed(preset), done=done)


@router.post("/{slug}")
async def edit(who: Owns, slug: str, typed: Annotated[PresetForm, Form()]) -> Response:
    preset = await who.site.services.presets.get(slug)
    try:
        await _save(who, preset, typed)
    except BadPreset as error:
        return _form(who, preset, typed, {_field(error.field): who.tr.error(error)})
    except NoPrompt as error:
        return _form(who, preset, typed, {"prompt": who.tr.error(error)})
    except ShopError as error:
        shown = typed.model_copy(update={"was_price": _as_typed(preset).was_price})
        return _form(who, preset, shown, {"price": who.tr.error(error)})
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
    now = _as_typed(preset).price
    if typed.was_price not in {typed.price, now}:
        raise ChangedMeanwhile(now)
    category = {"ru": typed.category_ru, "en": typed.category_en}
    price = now if typed.price == typed.was_price else typed.price
    change = PresetChange(
        title={"ru": typed.ru, "en": typed.en},
        category=category if any(category.values()) else None,
        icon=typed.icon or None,
        price=parse_price(price) if price.strip() else None,
        prompt=typed.prompt.replace("\r\n", "\n") or None,
    )
    await who.site.services.preset_management.change(preset.slug, change, actor=who.actor)


def _field(name: str) -> str:
    return {"title": "ru", "category": "category_ru"}.get(name, name)


def _as_typed(preset: PresetView) -> PresetForm:
    category = preset.category or {}
    price = "" if preset.own_price is None else format_credits(preset.own_price)
    return PresetForm(
        ru=preset.title.get("ru", ""),
        en=preset.title.get("en", ""),
        category_ru=category.get("ru", ""),
        category_en=category.get("en", ""),
        icon=preset.icon or "",
        price=price,
        was_price=price,
        prompt=preset.prompt or "",
    )


def _form(
    who: StaffMember, preset: PresetView, typed: PresetForm, errors: Mapping[str, str] | None = None, *, done: str = ""
) -> Response:
    status = 422 if errors else 200
    said = notice(done, who.tr)
    return panel(who, "presets/form.html", status=status, preset=preset, typed=typed, errors=errors or {}, done=said)
