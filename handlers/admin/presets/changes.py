"""What an owner typed or sent about a style, as the services take it."""

from collections.abc import Mapping
from typing import Any, Final

from aiogram.types import Message

from handlers.admin.context import AdminContext
from handlers.admin.presets.parts import StylePart
from handlers.form.enclosed import PhotoExpected
from handlers.form.uploads import fetch_picture, picture_of
from i18n.text import cut_plain
from services.billing.credits import format_credits
from services.files.files import media_type_of
from services.models.manage import parse_price
from services.models.preset_manage import NewPreset
from services.models.preset_rules import LANGUAGES, SAMPLE, BadPreset, check_title
from services.models.presets import PresetView
from services.predictions.latest_answers import latest_answers

NONE: Final = "-"  # the model's own, or nothing


async def change_part(slug: str, part: StylePart, message: Message, ctx: AdminContext) -> PresetView:
    """Raises a leaf of ShopError that says what is wrong."""
    manage, actor = ctx.services.preset_management, ctx.actor
    if part is StylePart.SAMPLE:
        return await _set_sample(slug, message, ctx)
    text = (message.text or "").strip()
    if not text:
        raise BadPreset(field=part)
    value = None if text == NONE else text
    preset = await ctx.services.presets.get(slug)
    match part:
        case StylePart.NAME_RU | StylePart.NAME_EN:
            return await manage.rename(slug, {**preset.title, part.value: text}, actor=actor)
        case StylePart.CATEGORY_RU | StylePart.CATEGORY_EN:
            old = preset.category or {"ru": text, "en": text}
            return await manage.set_category(slug, {**old, part.value.removeprefix("c"): text}, actor=actor)
        case StylePart.ICON:
            return await manage.set_icon(slug, value, actor=actor)
        case StylePart.PRICE:
            return await manage.set_price(slug, None if value is None else parse_price(value), actor=actor)
        case _:
            return await manage.set_prompt(slug, value, actor=actor)


def typed_part(part: StylePart, preset: PresetView) -> str:
    """As an owner would type it; of a sample, which picture it is."""
    category = preset.category or {}
    match part:
        case StylePart.NAME_RU | StylePart.NAME_EN:
            return preset.title.get(part.value, "")
        case StylePart.CATEGORY_RU | StylePart.CATEGORY_EN:
            return category.get(part.value.removeprefix("c"), NONE)
        case StylePart.ICON:
            return preset.icon or NONE
        case StylePart.PRICE:
            return NONE if preset.own_price is None else format_credits(preset.own_price)
        case StylePart.PROMPT:
            return cut_plain(preset.prompt or NONE, 600)
    return "🖼" if preset.sample_file_id is None else f"🖼 {preset.sample_file_id.hex[:8]}"


def check_name(part: StylePart, text: str) -> str:
    """A name or a category in one language, as it is kept. Raises BadPreset."""
    return check_title(dict.fromkeys(LANGUAGES, text), part)[LANGUAGES[0]]


def is_assistant(model_slug: str, ctx: AdminContext) -> bool:
    """Its presets are personas, which stand in no gallery."""
    manifest = ctx.services.models.manifest(model_slug)
    return manifest is not None and manifest.is_assistant


async def own_answers(model_slug: str, ctx: AdminContext) -> dict[str, Any]:  # Any: JSON
    """The owner's own latest ones."""
    return await latest_answers(ctx.services.history, ctx.user.id, ctx.services.models.manifest(model_slug))


def new_preset(facts: Mapping[str, Any]) -> NewPreset:  # Any: JSON
    """What was confirmed."""
    draft = facts["draft"]
    return NewPreset(
        model_slug=draft["model"],
        title={"ru": draft[StylePart.NAME_RU], "en": draft[StylePart.NAME_EN]},
        category={"ru": draft[StylePart.CATEGORY_RU], "en": draft[StylePart.CATEGORY_EN]},
        inputs=facts["inputs"],
    )


async def _set_sample(slug: str, message: Message, ctx: AdminContext) -> PresetView:
    manage = ctx.services.preset_management
    if (message.text or "").strip() == NONE:
        return await manage.set_sample(slug, None, "", actor=ctx.actor)
    source = picture_of(message)
    if source is None:
        raise PhotoExpected()
    picture = await fetch_picture(source, SAMPLE, ctx)
    return await manage.set_sample(slug, picture, media_type_of(picture), actor=ctx.actor)
