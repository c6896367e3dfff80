"""The choice of a language; it names each language in itself, so that a wrong one can be left."""

from typing import Final

from handlers.kit import buttons as keyboards
from handlers.telegram.screen import Button, Screen
from i18n.translator import LANGUAGES, Translator

NAMES: Final = {"ru": "🇷🇺 Русский", "en": "🇬🇧 English"}


def language_screen(tr: Translator) -> Screen:
    """In the language chosen, which bears the mark."""
    choice = tuple(
        Button(
            text=("✓ " if code == tr.language else "") + NAMES[code],
            action=f"{keyboards.LANGUAGE}:{code}",
        )
        for code in LANGUAGES
    )
    text = tr.html("<b>🌐 Language</b>\n\nЯзык / Language: {name}", name=NAMES[tr.language])
    return Screen(text=text, rows=(choice, (keyboards.menu_button(tr),)))
