"""The parts of a style that owners change one by one, and what each is asked with."""

from enum import StrEnum
from typing import Final

from services.errors import N_


class StylePart(StrEnum):
    """As stored in what waits for an answer, and in buttons."""

    NAME_RU = "ru"
    NAME_EN = "en"
    CATEGORY_RU = "cru"
    CATEGORY_EN = "cen"
    ICON = "icon"
    PRICE = "cost"
    PROMPT = "prompt"
    SAMPLE = "sample"


NEEDED: Final = (StylePart.NAME_RU, StylePart.NAME_EN, StylePart.CATEGORY_RU, StylePart.CATEGORY_EN)
"""Asked one after the other when a style is made."""

QUESTIONS: Final = {
    StylePart.NAME_RU: N_("What is the style called in Russian? For example: Акварель"),
    StylePart.NAME_EN: N_("What is it called in English? For example: Watercolour"),
    StylePart.CATEGORY_RU: N_("Its category in Russian? For example: Живопись. Styles of one category stand together."),
    StylePart.CATEGORY_EN: N_("Its category in English? For example: Painting"),
    StylePart.ICON: N_("Send one emoji for it. Send “-” for the model's own."),
    StylePart.PRICE: N_("What does it cost, in credits? Send 0 for free, “-” for the model's price."),
    StylePart.PROMPT: N_("What is the model told with it? Send “-” for nothing."),
    StylePart.SAMPLE: N_("Send a picture that shows the style. Send “-” for the one of the model's folder."),
}
BUTTONS: Final = {
    StylePart.NAME_RU: N_("✏️ Russian name"),
    StylePart.NAME_EN: N_("✏️ English name"),
    StylePart.CATEGORY_RU: N_("✏️ Category, Russian"),
    StylePart.CATEGORY_EN: N_("✏️ Category, English"),
    StylePart.ICON: N_("✏️ Emoji"),
    StylePart.PRICE: N_("✏️ Price"),
    StylePart.PROMPT: N_("✏️ Prompt"),
    StylePart.SAMPLE: N_("🖼 Sample"),
}
