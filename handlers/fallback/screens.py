"""Answers to what nobody expected: kind, short, with a way on."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from handlers.form.offered import PAPER
from handlers.kit import buttons
from handlers.kit.commands import COMMANDS
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.market.prices import Instrument

OUT_OF_DATE: Final = N_("This button is out of date. Here is a fresh menu.")

FOUND: Final = N_("Is it one of these?")
TEXT: Final = N_("I did not understand that: I am better with buttons.")
NUMBERS: Final = N_("These look like values for a model. Choose the model first, then send them.")

CONTENT: Final = {
    "sticker": N_("A nice sticker! But I understand only buttons and words."),
    "voice": N_("I cannot listen yet. Please type it or press a button."),
    "video": N_("I cannot watch videos. Please type it or press a button."),
    "photo": N_("A picture needs a model that asks for one. Choose the model first, then send the picture."),
    "document": N_("A file needs a model that asks for one. Choose the model first, then send the file."),
    "location": N_("I do not need to know where you are. Choose from the menu:"),
    "contact": N_("I do not need a contact. Choose from the menu:"),
    "dice": N_("Chance is not my trade: I predict from data. Choose from the menu:"),
    "poll": N_("I do not take part in polls. Choose from the menu:"),
    "other": N_("I do not know what to do with this. Choose from the menu:"),
}
CONTENT_IN_FORM: Final = N_("This cannot answer the question. Press “Continue the form” to see it again.")

EDITED: Final = N_("I do not read edited messages again. Please send it anew.")
EDITED_IN_FORM: Final = N_(
    "I do not read edited messages again. To change an answer, press “Continue the form”, "
    "then go back to its question or choose it at the summary."
)


def unknown_command_text(command: str, tr: Translator) -> Html:
    """Names the command that was probably meant."""
    near = get_close_matches(command.lower(), [*COMMANDS, "start"], n=1, cutoff=0.6)
    if near:
        return tr.html(
            "There is no command <code>/{command}</code>. Did you mean /{near}?",
            command=cut_plain(command, 32),
            near=near[0],
        )
    return tr.html(
        "There is no command <code>/{command}</code>. All commands are in /help.", command=cut_plain(command, 32)
    )


def looks_like_numbers(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return any(c.isdigit() for c in text) and letters <= 2


def paper_screen(paper: Instrument, models: Sequence[tuple[str, str]], tr: Translator) -> Screen:
    """`models`: slug and title with icon of those that forecast it."""
    text = tr.html(
        "<b>{symbol}</b> · {name}\n\nShall I make a forecast of it? Nothing is charged before you have seen all of it.",
        symbol=paper.symbol,
        name=paper.name,
    )
    rows = [
        (Button(text=cut_plain(f"{title} · {paper.symbol}", BUTTON), action=f"{PAPER}:{slug}:{paper.symbol}"),)
        for slug, title in models
    ]
    return Screen(text=text, rows=(*rows, (buttons.models_button(tr), buttons.menu_button(tr))))


def suggestions_screen(models: Sequence[tuple[str, str]], tr: Translator) -> Screen:
    """`models`: slug and title with icon of those that a text seems to name."""
    rows = [(Button(text=cut_plain(title, BUTTON), action=buttons.model_action(slug)),) for slug, title in models]
    return Screen(text=tr.html(FOUND), rows=(*rows, (buttons.models_button(tr), buttons.menu_button(tr))))
