"""Money that came for nothing we know, sent back by whoever runs the shop."""

from aiogram.types import CallbackQuery

from db.tables.payments import StrayStatus
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction
from handlers.admin.widgets import confirmation, notice_first, panel_button
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import put
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError
from services.payments.providers.titles import provider_title
from services.payments.strays import StrayGone, Strays, StrayView

SEND_BACK = "stray.send_back"


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: its number. Asked once more; the news of it stays above."""
    ctx.require()
    number = keyboards.parse_number(argument)
    if number is None:
        raise StrayGone(stray_id=argument[:32])
    stray = await _strays(ctx).get(number)
    if stray.status is StrayStatus.REFUNDED:
        await put(query, _done(stray, ctx.tr))
        return
    action = PendingAction.of(SEND_BACK, stray=stray.id)
    await ctx.propose(query, _question(stray, ctx.tr, nonce=action.nonce), action)


async def send_back(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What the confirmation does."""
    stray_id = int(action.facts["stray"])
    try:
        screen = _done(await _strays(ctx).send_back(stray_id, actor=ctx.actor), ctx.tr)
    except ProviderError as problem:
        words = ctx.tr.html(
            "⚠️ It did not go back: {words}. It may be tried again.", words=problem.detail or problem.code
        )
        screen = Screen(text=words, rows=((panel_button(ctx.tr),),))
    await ctx.close()
    await put(query, screen)


def _question(stray: StrayView, tr: Translator, *, nonce: str) -> Screen:
    lines = [tr.html("Send <b>{amount}</b> back?", amount=tr.money(stray.amount)), _facts(stray, tr)]
    return confirmation("\n".join(lines), tr, yes=tr.gettext("↩️ Send back"), nonce=nonce, back=names.PANEL)


def _done(stray: StrayView, tr: Translator) -> Screen:
    text = notice_first("", tr.html("✅ {amount} went back.", amount=tr.money(stray.amount)), _facts(stray, tr))
    return Screen(text=text, rows=((panel_button(tr),),))


def _facts(stray: StrayView, tr: Translator) -> Html:
    return tr.html(
        "{provider}, {moment}, charge <code>{charge}</code>",
        provider=tr.gettext(provider_title(stray.provider)),
        moment=tr.moment(stray.seen_at),
        charge=stray.charge_id,
    )


def _strays(ctx: AdminContext) -> Strays:
    if ctx.services.strays is None:
        raise PaymentsOff
    return ctx.services.strays
