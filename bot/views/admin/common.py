"""What the admins' screens share."""

from collections.abc import Sequence
from typing import Final

from bot import keyboards
from bot.i18n import Html, Translator
from bot.screens import Button, Screen
from bot.views.admin import names
from db.users import Role
from services.admin_search import UserLine
from services.admins import AdminView
from services.errors import N_

ROLE_NAMES: Final = {Role.OWNER: N_("owner"), Role.ADMIN: N_("admin"), Role.MODERATOR: N_("moderator")}


def question(text: str, tr: Translator, *, back: str, problem: str = "", rows: Sequence[keyboards.Row] = ()) -> Screen:
    """`text`, `problem`: HTML; what was wrong with the last answer stands above the question."""
    parts = [f"⚠️ {problem}", text] if problem else [text]
    return Screen(text="\n\n".join(parts), rows=(*rows, (keyboards.back_button(tr, back),)))


def confirmation(text: str, tr: Translator, *, yes: str, nonce: str, back: str) -> Screen:
    """`text`: HTML; `yes`: what the button says."""
    button = Button(text=yes, action=names.action(names.YES, nonce))
    return Screen(text=text, rows=((button,), (keyboards.back_button(tr, back),)))


def notice_first(notice: str, *parts: str) -> str:
    """HTML texts one below the other; `notice` may be empty."""
    return "\n\n".join(part for part in (notice, *parts) if part)


def name_of(user: UserLine | AdminView, tr: Translator) -> Html:
    """First name and @name, bold and safe."""
    called = f"@{user.username}" if user.username else ""
    shown = " ".join(part for part in (user.first_name.strip(), called) if part)
    return tr.html("<b>{name}</b>", name=shown or tr.gettext("no name"))


def plain_name(user: UserLine | AdminView, tr: Translator) -> str:
    return user.first_name.strip() or (f"@{user.username}" if user.username else tr.gettext("no name"))


def panel_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🛠 Panel"), action=names.PANEL)
