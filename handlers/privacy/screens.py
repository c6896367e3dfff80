"""What is kept of a customer, for how long, and the button that deletes files."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from handlers.kit import buttons
from handlers.telegram.screen import Button, Screen
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.chats.service import AssistantView
from services.errors import N_
from services.identity.deletion_rows import DeletionFacts
from services.scoring.drafts import MOST_DRAFTS

DELETE_TALKS: Final = "talks-delete"
DELETE_TALKS_SURE: Final = "talks-delete-now"
DELETE: Final = "pictures-delete"
DELETE_SURE: Final = "pictures-delete-now"
LEAVE: Final = "leave"
LEAVE_SURE: Final = "leave-now"
"""With the balance that they were told is lost."""
FACTS: Final = {"name": N_("name"), "gender": N_("gender"), "age": N_("age")}


def privacy_screen(
    tr: Translator,
    *,
    pictures: timedelta | None,
    results: timedelta | None,
    providers: Mapping[str, Sequence[AssistantView]],
    journal_days: int,
) -> Screen:
    """How long what customers send (`pictures`, recordings, tables) and results are kept; None: for ever. `providers`:
    who is told what is written to which assistants."""
    parts = [
        tr.html("<b>🔒 What the shop keeps</b>"),
        tr.html(
            "Your Telegram name and id, what you wrote in the profile, your answers to models and what they "
            "answered, your payments and operations with credits."
        ),
        _term(tr.html("Pictures, recordings and tables that you sent"), pictures, tr),
        _term(tr.html("Pictures, sounds and tables that models made for you"), results, tr),
        tr.html(
            "A table that you do not order is deleted after a day, or when you have sent {n} newer ones. What is made "
            "of a table on the way goes within an hour after its end.",
            n=MOST_DRAFTS,
        ),
        tr.html("Places where photos were taken, and all else that cameras write into them, are thrown away at once."),
    ]
    delete = Button(text=tr.gettext("🗑 Delete my files"), action=DELETE)
    talks: tuple[buttons.Row, ...] = ()
    if providers:
        parts.append(_conversations(providers, journal_days, tr))
        talks = ((Button(text=tr.gettext("🗑 Delete all conversations"), action=DELETE_TALKS),),)
    leave = Button(text=tr.gettext("🗑 Delete my account"), action=LEAVE)
    rows = ((delete,), *talks, (leave,), (buttons.back_button(tr, buttons.HELP), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(parts), rows=rows)


def sure_screen(tr: Translator) -> Screen:
    text = tr.html(
        "Delete all files that you sent or that were made for you: pictures, recordings, tables? They cannot be "
        "brought back; the words of the answers stay in the history. What a prediction or a table under way needs "
        "stays until it is done."
    )
    return _sure(text, DELETE_SURE, tr)


def deleted_screen(count: int, tr: Translator) -> Screen:
    text = tr.nhtml("{n} file was deleted.", "{n} files were deleted.", count)
    if not count:
        text = tr.html("There are no files of yours to delete.")
    return _deleted(text, tr)


def talks_sure_screen(tr: Translator) -> Screen:
    text = tr.html(
        "Delete all conversations with assistants? Their texts cannot be brought back; what they cost stays in the "
        "history."
    )
    return _sure(text, DELETE_TALKS_SURE, tr)


def talks_deleted_screen(count: int, tr: Translator) -> Screen:
    text = tr.nhtml("{n} conversation was deleted.", "{n} conversations were deleted.", count)
    if not count:
        text = tr.html("There are no conversations of yours to delete.")
    return _deleted(text, tr)


def leave_screen(facts: DeletionFacts, tr: Translator) -> Screen:
    parts = [
        tr.html("<b>Delete your account?</b>"),
        tr.html(
            "Deleted for good: your name, address and profile, ways in and devices, pictures, recordings and tables, "
            "answers of models, conversations, notifications."
        ),
        tr.html("Kept without your name: payments and operations with credits, as the law asks for."),
        tr.html("You may come back as somebody new; credits to try with are given once."),
    ]
    if facts.balance:
        lost = tr.html("You lose {credits}. They cannot be brought back.", credits=tr.credits(facts.balance))
        parts.insert(1, Html(f"⚠️ <b>{lost}</b>"))
    sure = Button(text=tr.gettext("🗑 Yes, delete my account"), action=f"{LEAVE_SURE}:{facts.balance}")
    return Screen(text="\n\n".join(parts), rows=((sure,), (buttons.back_button(tr, buttons.PRIVACY),)))


def cannot_leave_screen(why: str, tr: Translator) -> Screen:
    return _deleted(tr.escape(why), tr)


def left_screen(tr: Translator) -> Screen:
    text = tr.html("Your account is deleted. The messages of this chat you delete yourself, in Telegram. Good-bye!")
    return Screen(text=text)


def _sure(question: Html, action: str, tr: Translator) -> Screen:
    sure = Button(text=tr.gettext("🗑 Yes, delete them"), action=action)
    return Screen(text=question, rows=((sure,), (buttons.back_button(tr, buttons.PRIVACY),)))


def _deleted(text: Html, tr: Translator) -> Screen:
    return Screen(text=text, rows=((buttons.back_button(tr, buttons.PRIVACY), buttons.menu_button(tr)),))


def _conversations(providers: Mapping[str, Sequence[AssistantView]], journal_days: int, tr: Translator) -> Html:
    lines = [
        tr.html(
            "Conversations with assistants are kept until you delete them. What you write goes to the server that "
            "answers. Of your profile only what stands in brackets goes with it:"
        )
    ]
    for host, assistants in sorted(providers.items()):
        names = ", ".join(_named(each, tr) for each in assistants)
        lines.append(tr.html("• {host}: {names}", host=host, names=names))
    if any(each.voice_seconds is not None for assistants in providers.values() for each in assistants):
        lines.append(
            tr.html(
                "A voice message goes there as well, to be written down; the recording is kept, and deleted, as all "
                "that you send is."
            )
        )
    kept = tr.nhtml(
        "The shop keeps a journal of these requests for {n} day, for the case that something goes wrong.",
        "The shop keeps a journal of these requests for {n} days, for the case that something goes wrong.",
        journal_days,
    )
    return Html("\n".join([*lines, kept]))


def _named(assistant: AssistantView, tr: Translator) -> str:
    told = ", ".join(tr.gettext(words) for fact, words in FACTS.items() if fact in assistant.facts)
    return f"{title_of(assistant, tr)} ({told})" if told else str(title_of(assistant, tr))


def _term(what: Html, kept: timedelta | None, tr: Translator) -> Html:
    ever = tr.html("until you delete them")
    term = ever if kept is None else tr.nhtml("for {n} day", "for {n} days", kept.days)
    return Html(f"{what}: {term}")
