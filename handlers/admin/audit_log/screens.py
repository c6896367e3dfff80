"""The audit log: a line in words for each thing that was done."""

from collections.abc import Sequence

from handlers.admin import buttons as names
from handlers.admin.widgets import notice_first, panel_button
from handlers.kit import buttons as keyboards
from handlers.kit.context import Viewer
from handlers.telegram.screen import Screen
from i18n.audit_log import entry_line
from i18n.people import name_of
from services.audit_log.history import Entry
from services.pages import Page
from services.users.search import UserLine


def audit_log_screen(page: Page[Entry], viewer: Viewer, *, user: UserLine | None = None) -> Screen:
    """`user`: whom all of it was done to."""
    tr = viewer.tr
    head = (
        tr.html("<b>📜 Journal</b>, the newest first")
        if user is None
        else tr.html("<b>📜 What was done</b>: {name}, the newest first", name=name_of(user, tr))
    )
    lines = [entry_line(entry, viewer.titles) for entry in page.items] or [tr.html("Nothing yet.")]

    def turn(to: int) -> str:
        return names.action(names.AUDIT_LOG, to) if user is None else names.action(names.AUDIT_LOG, to, user.id)

    back = names.PANEL if user is None else names.action(names.USER, user.id)
    rows: Sequence[keyboards.Row] = (
        keyboards.pages_row(tr, page=page.page, pages=page.pages, action=turn),
        (keyboards.back_button(tr, back), panel_button(tr)),
    )
    return Screen(text=notice_first("", head, *lines), rows=tuple(row for row in rows if row))
