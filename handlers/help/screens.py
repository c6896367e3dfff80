"""Help and the terms."""

from typing import Final

from handlers.kit import buttons
from handlers.kit.commands import offered
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html, Translator
from services.errors import N_
from services.users.accounts import UserView

HOW: Final = N_(
    "<b>ℹ️ How it works</b>\n\n"
    "1. Choose a model: it says what it predicts, from what, and for how much.\n"
    "2. Answer its questions. At any of them you can go back or leave; nothing is charged yet.\n"
    "3. Check the summary and confirm. Only now the price is charged.\n"
    "4. The answer comes into this chat and stays in the history, where it can be opened and repeated.\n\n"
    "If a model cannot answer, its price comes back to your balance by itself."
)
CHANGE: Final = N_(
    "To change an answer of a form, go back to its question or choose it at the summary: editing an old message "
    "changes nothing there."
)
TALK: Final = N_(
    "<b>💬 Assistants</b>\n"
    "Choose one in /chat and just write. The longer a conversation, the more an answer costs: /new begins afresh. "
    "/stop ends an answer, and what has come stays. Your last message can be edited and answered anew."
)
AT_ONCE: Final = N_(
    "An amount may stand behind the command: <code>/topup 300</code> prepares a payment of 300 ₽ at once."
)

TERMS: Final = (
    N_(
        "<b>📄 Terms</b>\n\n"
        "<b>Credits.</b> Credits pay for predictions in this bot and for nothing else. They cannot be exchanged for "
        "money here or passed to another person."
    ),
    N_(
        "<b>Price.</b> The price is shown before you confirm, and exactly that is charged. "
        "Filling in a form costs nothing."
    ),
    N_(
        "<b>When a prediction fails.</b> If a model cannot answer, or the prediction is canceled, "
        "its whole price returns to your balance by itself. An answer that you did not expect is still an answer."
    ),
    N_(
        "<b>Expiry.</b> Some credits, such as bonuses, end on a date; “Balance” shows it. Those that end first are "
        "spent first. What is not spent by then expires. Credits that return to an expired lot expire too."
    ),
    N_(
        "<b>Not advice.</b> Predictions are statistical estimates from past data. They can be wrong. They are not "
        "financial, medical or any other professional advice; what you do with them is your decision and your risk."
    ),
    N_(
        "<b>Your data.</b> Kept are: your Telegram name and id, what you wrote in the profile, your answers with the "
        "pictures, recordings and tables you sent, and the predictions made from them. The profile can be cleared at "
        "any time, files deleted: /privacy."
    ),
)


def help_screen(contact: Html, viewer: Viewer) -> Screen:
    """`contact`: HTML that names the owner."""
    tr, listed = viewer.tr, offered(viewer.features)
    commands = "\n".join(f"/{name} — {tr.escape(tr.gettext(text))}" for name, text in listed.items())
    ask = tr.html("Questions? Write to {contact}.", contact=contact)
    at_once = [tr.html(AT_ONCE)] if viewer.features.payments else []
    talk = [tr.html(TALK)] if viewer.features.chats else []
    parts = [tr.html(HOW), tr.html(CHANGE), *talk, commands, *at_once, ask]
    rows = (
        (buttons.models_button(tr),),
        (
            Button(text=tr.gettext("📄 Terms"), action=buttons.TERMS),
            Button(text=tr.gettext("🔒 Privacy"), action=buttons.PRIVACY),
        ),
        (buttons.menu_button(tr),),
    )
    return Screen(text="\n\n".join(parts), rows=rows)


def terms_screen(contact: Html, tr: Translator) -> Screen:
    ask = tr.html("<b>Contact.</b> For anything else, money included, write to {contact}.", contact=contact)
    rows = ((buttons.back_button(tr, buttons.HELP), buttons.menu_button(tr)),)
    return Screen(text="\n\n".join([*(tr.html(part) for part in TERMS), ask]), rows=rows)


def pay_support_screen(contact: Html, viewer: Viewer) -> Screen:
    """Telegram asks every bot that takes Stars for it."""
    tr = viewer.tr
    parts = [
        tr.html("<b>💬 Help with payments</b>"),
        tr.html(
            "If a payment did not bring what it was for, or something was charged that you did not want, write to "
            "{contact}. Name the amount and the day; “My payments” shows them. The shop answers for its payments "
            "itself: Telegram's support cannot help with them.",
            contact=contact,
        ),
    ]
    rows = (
        (Button(text=tr.gettext("🧾 My payments"), action=buttons.PAYMENTS),),
        (Button(text=tr.gettext("📄 Terms"), action=buttons.TERMS), buttons.menu_button(tr)),
    )
    return Screen(text="\n\n".join(parts), rows=rows)


def contact_of(owner: UserView | None, tr: Translator) -> Html:
    """How to reach the owner: by name where Telegram has one, else by a link, in words where they are not known."""
    if owner is None:
        return tr.html("the owner of this bot")
    if owner.username:
        return Html(f"@{tr.escape(owner.username)}")
    return tr.html('<a href="tg://user?id={id}">the owner</a>', id=owner.telegram_id)
