"""The panel: where an admin's work begins."""

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import ROLE_NAMES
from handlers.kit import buttons as keyboards
from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator
from services.reports.statistics import Waiting


def panel_screen(role: Role, waiting: Waiting, tr: Translator) -> Screen:
    lines = [
        tr.html("<b>🛠 The shop's panel</b>"),
        tr.html("Your role: <b>{role}</b>", role=tr.gettext(ROLE_NAMES[role])),
        waiting_line(waiting, tr),
    ]
    if role is Role.MODERATOR:
        lines.append(tr.html("A moderator looks and changes nothing."))
    audit_log = Button(text=tr.gettext("📜 Journal"), action=names.AUDIT_LOG)
    rows = (
        (
            Button(text=tr.gettext("👥 Customers"), action=names.USERS),
            Button(text=tr.gettext("📊 Statistics"), action=names.STATISTICS),
        ),
        (
            Button(text=tr.gettext("💰 Payments"), action=names.PAYMENTS),
            Button(text=tr.gettext("📦 Packages"), action=names.PACKAGES),
        ),
        (
            Button(text=tr.gettext("🧠 Models on sale"), action=names.MODELS),
            Button(text=tr.gettext("🎨 Styles"), action=names.PRESETS),
        ),
        (Button(text=tr.gettext("🔑 Roles"), action=names.ROLES), *(() if role is Role.MODERATOR else (audit_log,))),
        (keyboards.menu_button(tr),),
    )
    return Screen(text="\n".join(lines), rows=rows)


def waiting_line(waiting: Waiting, tr: Translator) -> str:
    """How long the queue is and how old."""
    if not waiting.predictions:
        return tr.html("No prediction waits.")
    return tr.nhtml(
        "{n} prediction waits, the oldest for {age}.",
        "{n} predictions wait, the oldest for {age}.",
        waiting.predictions,
        age=age_words(waiting.predictions_age, tr),
    )


def age_words(seconds: float, tr: Translator) -> str:
    """Roughly."""
    if seconds < 100:
        return tr.gettext("{n} s", n=round(seconds))
    return (
        tr.gettext("{n} min", n=round(seconds / 60)) if seconds < 6000 else tr.gettext("{n} h", n=round(seconds / 3600))
    )
