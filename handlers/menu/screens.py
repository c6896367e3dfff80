"""The main menu and the greeting."""

from typing import Final

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.kit.conversation import chats_button, resume_button
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html
from services.errors import N_

NOTHING_TO_CANCEL: Final = N_("There is nothing to cancel.")
TALK_LEFT: Final = N_("The conversation is left; it can be continued at any time.")
LINK_UNKNOWN: Final = N_("This link leads nowhere any more. Choose from what there is:")


def menu_screen(viewer: Viewer, *, above: str = "", paused: str | None = None, talk: str | None = None) -> Screen:
    """`above`: HTML told before the menu. `paused`: the title of a form that can be continued, `talk`: of an open
    conversation."""
    user, tr = viewer.user, viewer.tr
    balance = tr.html("Balance: <b>{credits}</b>", credits=tr.credits(user.balance))
    question = tr.html("What shall we do?")
    rows: tuple[buttons.Row, ...] = (
        (buttons.models_button(tr), *((buttons.styles_button(tr),) if viewer.features.images else ())),
        *(((chats_button(tr),),) if viewer.features.chats else ()),
        *_money_rows(viewer),
        (
            Button(text=tr.gettext("💰 Balance"), action=buttons.BALANCE),
            Button(text=tr.gettext("🧾 History"), action=buttons.HISTORY),
        ),
        (
            Button(text=tr.gettext("👤 Profile"), action=buttons.PROFILE),
            Button(text=tr.gettext("🌐 Language"), action=buttons.LANGUAGE),
        ),
        (Button(text=tr.gettext("ℹ️ Help"), action=buttons.HELP),),
    )
    parts = [above, balance]
    if talk is not None:
        rows = ((resume_button(talk, tr),), *rows)
    if paused is not None:
        rows = ((buttons.continue_button(tr),), *rows)
        parts.append(tr.html("The form “{title}” waits for you.", title=paused))
    parts.append(question)
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def _money_rows(viewer: Viewer) -> tuple[buttons.Row, ...]:
    tr, sold = viewer.tr, viewer.features
    row = (
        *((buttons.topup_button(tr),) if sold.payments else ()),
        *((buttons.plans_button(tr),) if sold.plans else ()),
    )
    return (row,) if row else ()


def greeting(viewer: Viewer) -> Html:
    """The first words of a start; a new user hears of the welcome credits."""
    user, tr = viewer.user, viewer.tr
    name = user.first_name.strip()
    hello = tr.html("Hello, {name}!", name=name) if name else tr.html("Hello!")
    if not user.is_new:
        return Html(f"<b>{hello}</b>")
    about = tr.html("I am Kassandra. I sell predictions: choose a model, answer its questions, get the answer.")
    parts = [f"<b>{hello}</b>", about]
    if viewer.features.chats:
        parts.append(tr.html("💬 And there are assistants to talk with: /chat."))
    if user.balance:
        parts.append(tr.html("🎁 A welcome gift: <b>{credits}</b>.", credits=tr.credits(user.balance)))
    return Html("\n\n".join(parts))
