"""What the forms of a style hold, and what their problems are shown at."""

from typing import Final

from pydantic import BaseModel

from services.billing.credits import format_credits
from services.errors import ShopError
from services.models.manage import parse_price
from services.models.preset_manage import PresetChange
from services.models.preset_rules import BadPreset, NoPrompt
from services.models.presets import PresetView

_FIELDS: Final = {"title": "ru", "category": "category_ru"}


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

    def parsed(self, price: str) -> PresetChange:
        """`price`: as typed. Raises `BadAmount`."""
        category = {"ru": self.category_ru.strip(), "en": self.category_en.strip()}
        return PresetChange(
            title={"ru": self.ru, "en": self.en},
            category=category if any(category.values()) else None,
            icon=self.icon or None,
            price=parse_price(price) if price.strip() else None,
            prompt=self.prompt.replace("\r\n", "\n") or None,
        )


class NewPresetForm(PresetForm):
    """`take`: the answers of the owner's latest prediction are taken over; `answers`: these, as JSON, once they were
    shown."""

    model: str = ""
    take: str = ""
    answers: str = ""
    nonce: str = ""


def problem_field(error: ShopError) -> str:
    """Which field a problem is of: what is no other's is the price's."""
    if isinstance(error, BadPreset):
        return _FIELDS.get(error.field, error.field)
    return "prompt" if isinstance(error, NoPrompt) else "price"


def as_typed(preset: PresetView) -> PresetForm:
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
