"""What is kept of a customer, for how long, and the button that deletes pictures."""

from datetime import timedelta
from typing import Final

from handlers.kit import buttons
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html, Translator

DELETE: Final = "pictures-delete"
DELETE_SURE: Final = "pictures-delete-now"


def privacy_screen(tr: Translator, *, pictures: timedelta | None, results: timedelta | None) -> Screen:
    """How long customers' pictures and results are kept; None: for ever."""
    parts = [
        tr.html("<b>🔒 What the shop keeps</b>"),
        tr.html(
            "Your Telegram name and id, what you wrote in the profile, your answers to models and what they "
            "answered, your payments and operations with credits."
        ),
        _term(tr.html("Pictures that you sent"), pictures, tr),
        _term(tr.html("Pictures that models made for you"), results, tr),
        tr.html("Places where photos were taken, and all else that cameras write into them, are thrown away at once."),
    ]
    delete = Button(text=tr.gettext("🗑 Delete my pictures"), action=DELETE)
    rows = ((delete,), (buttons.back_button(tr, buttons.HELP), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(parts), rows=rows)


def sure_screen(tr: Translator) -> Screen:
    text = tr.html(
        "Delete all pictures that you sent or that were made for you? They cannot be brought back; the words of the "
        "answers stay in the history. What a prediction under way needs stays until it is done."
    )
    sure = Button(text=tr.gettext("🗑 Yes, delete them"), action=DELETE_SURE)
    return Screen(text=text, rows=((sure,), (buttons.back_button(tr, buttons.PRIVACY),)))


def deleted_screen(count: int, tr: Translator) -> Screen:
    text = tr.nhtml("{n} picture was deleted.", "{n} pictures were deleted.", count)
    if not count:
        text = tr.html("There are no pictures of yours to delete.")
    return Screen(text=text, rows=((buttons.back_button(tr, buttons.PRIVACY), buttons.menu_button(tr)),))


def _term(what: Html, kept: timedelta | None, tr: Translator) -> Html:
    ever = tr.html("until you delete them")
    term = ever if kept is None else tr.nhtml("for {n} day", "for {n} days", kept.days)
    return Html(f"{what}: {term}")
