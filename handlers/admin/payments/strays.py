"""Money that came for nothing we know, sent back by whoever runs the shop."""

from aiogram.types import CallbackQuery

from db.tables.payments import StrayStatus
from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction
from handlers.admin.widgets import confirmation, notice_first, panel_button
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import put
from handlers.telegram.screen import Button, Screen
from i18n.payments import stray_facts
from i18n.translator import Html, Translator
from services.pages import Page
from services.payments.providers.base import ProviderError
from services.payments.strays import StrayGone, StrayView

SEND_BACK = "stray.send_back"
ON_PAGE = 6


async def show(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the page."""
    found = await ctx.services.strays.page(keyboards.parse_page(argument), ON_PAGE)
    await ctx.respond(query, strays_screen(found, ctx.tr, role=ctx.role))


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: its number. Asked once more; the news of it stays above."""
    ctx.require()
    number = keyboards.parse_number(argument)
    if number is None:
        raise StrayGone(stray_id=argument[:32])
    stray = await ctx.services.strays.get(number)
    if stray.status is StrayStatus.REFUNDED:
        await put(query, _done(stray, ctx.tr))
        return
    action = PendingAction.of(SEND_BACK, stray=stray.id)
    await ctx.propose(query, _question(stray, ctx.tr, nonce=action.nonce), action)


async def send_back(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What the confirmation does."""
    stray_id = int(action.facts["stray"])
    try:
        screen = _done(await ctx.services.strays.send_back(stray_id, actor=ctx.actor), ctx.tr)
    except ProviderError as problem:
        words = ctx.tr.html(
            "⚠️ It did not go back: {words}. It may be tried again.", words=problem.detail or problem.code
        )
        screen = Screen(text=words, rows=((panel_button(ctx.tr),),))
    await ctx.close()
    await put(query, screen)


def strays_screen(page: Page[StrayView], tr: Translator, *, role: Role) -> Screen:
    """What is still here can be sent back."""
    lines = [_line(each, tr) for each in page.items] or [tr.html("No such money has come.")]
    rows: list[keyboards.Row] = []
    if role is not Role.MODERATOR:
        kept = (each for each in page.items if each.status is StrayStatus.KEPT)
        rows += [(_back_button(each, tr),) for each in kept]
    turn = keyboards.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: names.action(names.STRAYS, to))
    rows += [turn] if turn else []
    rows.append((keyboards.back_button(tr, names.PAYMENTS), panel_button(tr)))
    text = notice_first("", tr.html("<b>❔ Stray payments</b>"), "\n\n".join(lines))
    return Screen(text=text, rows=tuple(rows))


def _line(stray: StrayView, tr: Translator) -> Html:
    state = tr.html("it went back") if stray.status is StrayStatus.REFUNDED else tr.html("not sent back yet")
    head = tr.html("<b>{amount}</b>: {state}", amount=tr.money(stray.amount), state=state)
    return Html(f"{head}\n{stray_facts(stray, tr)}")


def _back_button(stray: StrayView, tr: Translator) -> Button:
    text = tr.gettext(
        "↩️ Send back {amount} of {moment}", amount=tr.money(stray.rest), moment=tr.short_moment(stray.seen_at)
    )
    return Button(text=text, action=names.action(names.STRAY, stray.id))


def _question(stray: StrayView, tr: Translator, *, nonce: str) -> Screen:
    lines = [tr.html("Send <b>{amount}</b> back?", amount=tr.money(stray.rest)), stray_facts(stray, tr)]
    return confirmation("\n".join(lines), tr, yes=tr.gettext("↩️ Send back"), nonce=nonce, back=names.STRAYS)


def _done(stray: StrayView, tr: Translator) -> Screen:
    text = notice_first("", tr.html("✅ {amount} went back.", amount=tr.money(stray.amount)), stray_facts(stray, tr))
    return Screen(text=text, rows=((panel_button(tr),),))
