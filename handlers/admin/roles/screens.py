"""Who runs the shop."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.people import ROLE_NAMES, name_of, plain_name
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.pages import page_of
from services.users.roles import APPOINTED, NO_ROLE, AdminView
from services.users.search import UserLine

ON_PAGE: Final = 10


def roles_screen(
    admins: Sequence[AdminView],
    givers: Mapping[int, UserLine],
    tr: Translator,
    *,
    role: Role,
    notice: str = "",
    page: int = 0,
) -> Screen:
    """`givers`: who gave the roles, by `users.id`; `notice`: HTML; `page` from 0, the last one for any beyond it."""
    shown = page_of(admins, page, ON_PAGE)
    lines = [_line(each, givers, tr) for each in shown.items]
    about = tr.html(
        "An admin does everything but this page. A moderator looks and changes nothing. "
        "Owners are named in the settings."
    )
    rows: list[keyboards.Row] = []
    if role is Role.OWNER:
        rows = [
            (Button(text=_button(each, tr), action=names.action(names.ROLE, each.telegram_id)),)
            for each in shown.items
            if each.role is not Role.OWNER and each.telegram_id is not None
        ]
    turn = keyboards.pages_row(tr, page=shown.page, pages=shown.pages, action=lambda to: names.action(names.ROLES, to))
    rows += [turn] if turn else []
    if role is Role.OWNER:
        rows.append((Button(text=tr.gettext("➕ Give somebody a role"), action=names.action(names.ROLES, names.NEW)),))
    text = notice_first(notice, tr.html("<b>🔑 Roles</b>"), "\n".join(lines), about)
    return Screen(text=text, rows=(*rows, (panel_button(tr),)))


def who_question(tr: Translator, *, problem: str = "") -> Screen:
    text = tr.html(
        "Who shall get a role? Send #12 (the number in the shop), a Telegram id, @name or an e-mail. By Telegram id "
        "it may be somebody who was never here."
    )
    return question("" if problem else text, tr, back=names.ROLES, problem=problem)


def role_screen(person: UserLine | None, telegram_id: int, tr: Translator, *, role: Role | None) -> Screen:
    """Which role it shall be; `person` is None for somebody who was never here, `role` is the one they have."""
    name = tr.html("Telegram <code>{id}</code>", id=telegram_id) if person is None else name_of(person, tr)
    now = tr.gettext(ROLE_NAMES[role]) if role is not None else tr.gettext("none")
    lines = [Html(f"🔑 {name}"), tr.html("Role: <b>{role}</b>", role=now)]

    def button(text: str, word: str) -> Button:
        return Button(text=text, action=names.action(names.ROLE, telegram_id, word))

    choice = tuple(
        button(("✓ " if each is role else "") + _capital(tr.gettext(ROLE_NAMES[each])), each) for each in APPOINTED
    )
    rows: list[keyboards.Row] = [choice]
    if role is not None:
        rows.append((button(tr.gettext("🗑 Take the role away"), NO_ROLE),))
    rows.append((keyboards.back_button(tr, names.ROLES), panel_button(tr)))
    return Screen(text="\n".join(lines), rows=tuple(rows))


def changed_notice(name: str, role: Role | None, tr: Translator) -> Html:
    """`name`: HTML."""
    if role is None:
        return tr.html("✅ {name} has no role any more.", name=Html(name))
    return tr.html("✅ The role of {name} is now: {role}.", name=Html(name), role=tr.gettext(ROLE_NAMES[role]))


def page_with(telegram_id: int, admins: Sequence[AdminView]) -> int:
    """Where somebody stands; the first page for who has no role."""
    place = next((place for place, each in enumerate(admins) if each.telegram_id == telegram_id), 0)
    return place // ON_PAGE


def _line(person: AdminView, givers: Mapping[int, UserLine], tr: Translator) -> Html:
    name = name_of(person, tr) if person.user_id is not None else tr.html("<b>never here</b>")
    number = f"#{person.user_id}" if person.telegram_id is None else str(person.telegram_id)
    line = tr.html(
        "{name} · {role} · <code>{id}</code>",
        name=name,
        role=tr.gettext(ROLE_NAMES[person.role]),
        id=number,
    )
    giver = None if person.granted_by is None else givers.get(person.granted_by)
    if giver is None:
        return line
    return Html(", ".join((line, tr.html("given by {name}", name=name_of(giver, tr)))))


def _button(person: AdminView, tr: Translator) -> str:
    name = plain_name(person, tr) if person.user_id is not None else str(person.telegram_id)
    return cut_plain(f"✏️ {name} · {tr.gettext(ROLE_NAMES[person.role])}", BUTTON)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
