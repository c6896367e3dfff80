"""Packages of credits: the list, one of them, the questions about its parts."""

from collections.abc import Sequence
from typing import Any, Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import confirmation, notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.pages import page_of
from services.payments.package_parts import PackagePart
from services.payments.packages import PackageOffer, PackageView

ON_PAGE: Final = 10

QUESTIONS: Final = {
    PackagePart.NAME_RU: N_("What is the package called in Russian? For example: Сто кредитов"),
    PackagePart.NAME_EN: N_("What is it called in English? For example: A hundred credits"),
    PackagePart.CREDITS: N_("How many credits does it bring? For example: 100"),
    PackagePart.PRICE: N_("What does it cost, in roubles? For example: 900"),
    PackagePart.DAYS: N_("For how many days are its credits valid? For example: 90. Send 0 for no end."),
}
BUTTONS: Final = {
    PackagePart.NAME_RU: N_("✏️ Russian name"),
    PackagePart.NAME_EN: N_("✏️ English name"),
    PackagePart.CREDITS: N_("✏️ Credits"),
    PackagePart.PRICE: N_("✏️ Price"),
    PackagePart.DAYS: N_("✏️ Days"),
}


def packages_screen(
    packages: Sequence[PackageView], tr: Translator, *, role: Role, notice: str = "", page: int = 0
) -> Screen:
    """`notice`: HTML; `page` from 0, the last one for any beyond it."""
    shown = page_of(packages, page, ON_PAGE)
    legend = tr.html("🟢 on sale, ⚪ taken off") if packages else tr.html("There are none yet.")
    rows: list[keyboards.Row] = [
        (Button(text=_button(each, tr), action=names.action(names.PACKAGE, each.id)),) for each in shown.items
    ]
    turn = keyboards.pages_row(
        tr, page=shown.page, pages=shown.pages, action=lambda to: names.action(names.PACKAGES, to)
    )
    rows += [turn] if turn else []
    if role is not Role.MODERATOR:
        rows.append((Button(text=tr.gettext("➕ New package"), action=names.action(names.PACKAGES, names.NEW)),))
    text = notice_first(notice, tr.html("<b>📦 Packages</b>"), legend)
    return Screen(text=text, rows=(*rows, (panel_button(tr),)))


def package_screen(package: PackageView, tr: Translator, *, role: Role, notice: str = "") -> Screen:
    state = tr.html("🟢 On sale") if package.enabled else tr.html("⚪ Taken off the menu")
    rows = [*_actions(package, tr), (keyboards.back_button(tr, names.PACKAGES), panel_button(tr))]
    shown = rows[-1:] if role is Role.MODERATOR else rows
    return Screen(text=notice_first(notice, _offer(package, tr), state), rows=tuple(shown))


def part_question(part: PackagePart, tr: Translator, *, package_id: int | None, problem: str = "") -> Screen:
    back = names.PACKAGES if package_id is None else names.action(names.PACKAGE, package_id)
    return question(tr.html(QUESTIONS[part]), tr, back=back, problem=problem)


def new_confirmation(offer: PackageOffer, nonce: str, tr: Translator) -> Screen:
    text = notice_first("", tr.html("Put this package on sale?"), _offer(offer, tr))
    return confirmation(text, tr, yes=tr.gettext("✅ Put on sale"), nonce=nonce, back=names.PACKAGES)


def _offer(offer: PackageOffer, tr: Translator) -> Html:
    valid = (
        tr.html("Valid without an end")
        if offer.valid_days is None
        else tr.nhtml("Valid for {n} day", "Valid for {n} days", offer.valid_days)
    )
    lines: list[Any] = [  # Any: kinds of str
        tr.html("<b>{ru}</b> / {en}", ru=offer.title.get("ru", ""), en=offer.title.get("en", "")),
        tr.html("{credits} for <b>{amount}</b>", credits=tr.credits(offer.credits), amount=tr.money(offer.price)),
        valid,
    ]
    return Html("\n".join(lines))


def _actions(package: PackageView, tr: Translator) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.PACKAGE, package.id, verb))

    switch = (
        button(tr.gettext("⚪ Take off the menu"), names.OFF)
        if package.enabled
        else button(tr.gettext("🟢 Put on sale"), names.ON)
    )
    edits = {part: button(tr.gettext(words), part) for part, words in BUTTONS.items()}
    return [
        (edits[PackagePart.NAME_RU], edits[PackagePart.NAME_EN]),
        (edits[PackagePart.CREDITS], edits[PackagePart.PRICE], edits[PackagePart.DAYS]),
        (switch,),
        (button(tr.gettext("⬆️ Higher"), names.UP), button(tr.gettext("⬇️ Lower"), names.DOWN)),
    ]


def _button(package: PackageView, tr: Translator) -> str:
    mark = "🟢" if package.enabled else "⚪"
    price = f"{tr.amount(package.credits)} · {tr.money(package.price)}"
    return f"{mark} {cut_plain(tr.pick(package.title), BUTTON - 30)} · {price}"
