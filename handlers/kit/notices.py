"""Short notices that any feature may show."""

from handlers.kit import buttons
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator


def notice_screen(text: str, tr: Translator) -> Screen:
    """`text`: HTML. With the ways on."""
    return Screen(text=text, rows=((buttons.models_button(tr), buttons.menu_button(tr)),))


def plain_screen(text: str) -> Screen:
    """`text`: HTML; the screen above it has the buttons."""
    return Screen(text=text)


def form_left(title: str, tr: Translator) -> Html:
    return tr.html("The form “{title}” is left. Nothing was charged.", title=title)
