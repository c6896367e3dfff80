"""The panel: where an admin's work begins."""

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.kit import buttons as keyboards
from handlers.telegram.screen import Button, Screen
from i18n.people import ROLE_NAMES
from i18n.translator import Translator
from i18n.waiting import waiting_line
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
        (
            Button(text=tr.gettext("🎟 Plans"), action=names.PLANS),
            Button(text=tr.gettext("📈 Forecasts"), action=names.FORECASTS),
        ),
        (Button(text=tr.gettext("🔑 Roles"), action=names.ROLES), *(() if role is Role.MODERATOR else (audit_log,))),
        (keyboards.menu_button(tr),),
    )
    return Screen(text="\n".join(lines), rows=rows)
