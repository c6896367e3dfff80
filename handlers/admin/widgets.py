"""What the admins' screens share."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.kit import buttons as keyboards
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money, rub
from services.users.roles import AdminView
from services.users.search import UserLine

JOINER: Final = "\u200d"  # of emoji
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
ROLE_NAMES: Final = {Role.OWNER: N_("owner"), Role.ADMIN: N_("admin"), Role.MODERATOR: N_("moderator")}


def question(text: str, tr: Translator, *, back: str, problem: str = "", rows: Sequence[keyboards.Row] = ()) -> Screen:
    """`text`, `problem`: HTML; what was wrong with the last answer stands above the question, or alone where
    there is no text."""
    return Screen(
        text=notice_first(f"⚠️ {problem}" if problem else "", text), rows=(*rows, (keyboards.back_button(tr, back),))
    )


def confirmation(text: str, tr: Translator, *, yes: str, nonce: str, back: str) -> Screen:
    """`text`: HTML; `yes`: what the button says."""
    button = Button(text=yes, action=names.action(names.YES, nonce))
    return Screen(text=text, rows=((button,), (keyboards.back_button(tr, back),)))


def calm(name: str) -> str:
    """A name that cannot turn round the words and sums beside it, whatever its letters and direction marks."""
    kept = "".join(each for each in name if unicodedata.category(each) not in ("Cc", "Cf") or each == JOINER).strip()
    turned = any(unicodedata.bidirectional(each) in ("R", "AL", "AN") for each in kept)
    return f"{ISOLATE}{kept}{END_OF_ISOLATE}" if turned else kept


def notice_first(notice: str, *parts: str) -> str:
    """HTML texts one below the other; `notice` may be empty."""
    return "\n\n".join(part for part in (notice, *parts) if part)


def name_of(user: UserLine | AdminView, tr: Translator) -> Html:
    """First name and @name, bold and safe."""
    called = f"@{user.username}" if user.username else ""
    shown = " ".join(part for part in (calm(user.first_name), called) if part)
    return tr.html("<b>{name}</b>", name=shown or tr.gettext("no name"))


def number_of(user: UserLine, tr: Translator) -> Html:
    """What tells this person from everybody else."""
    if user.telegram_id is None:
        return tr.html("#{id} · not in Telegram", id=user.id)
    return tr.html("#{id} · Telegram <code>{telegram_id}</code>", id=user.id, telegram_id=user.telegram_id)


def plain_name(user: UserLine | AdminView, tr: Translator) -> str:
    return calm(user.first_name) or (f"@{user.username}" if user.username else tr.gettext("no name"))


def panel_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🛠 Panel"), action=names.PANEL)


def money_list(amounts: Sequence[Money], tr: Translator) -> str:
    """Each currency by itself."""
    return " + ".join(map(tr.money, amounts)) or tr.money(rub(0))
