"""What people of the shop are called: customers and those who run it."""

import unicodedata
from typing import Final

from db.tables.users import Gender, Role
from i18n.translator import Html, Translator
from services.errors import N_
from services.users.roles import AdminView
from services.users.search import UserLine

JOINER: Final = "\u200d"  # of emoji
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
ROLE_NAMES: Final = {Role.OWNER: N_("owner"), Role.ADMIN: N_("admin"), Role.MODERATOR: N_("moderator")}
GENDERS: Final = {Gender.FEMALE: N_("female"), Gender.MALE: N_("male")}


def calm(name: str) -> str:
    """A name that cannot turn round the words and sums beside it, whatever its letters and direction marks."""
    kept = "".join(each for each in name if unicodedata.category(each) not in ("Cc", "Cf") or each == JOINER).strip()
    turned = any(unicodedata.bidirectional(each) in ("R", "AL", "AN") for each in kept)
    return f"{ISOLATE}{kept}{END_OF_ISOLATE}" if turned else kept


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
