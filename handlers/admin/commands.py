"""What admins type instead of pressing: /user, /grant, /take, /ban, /unban, /stats, /refund, /role, /papers."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from handlers.admin.context import AdminContext, StaffOnly
from handlers.admin.forecasts import router as forecasts
from handlers.admin.payments import router as payments
from handlers.admin.roles import router as roles
from handlers.admin.statistics import router as statistics
from handlers.admin.users import changes
from handlers.admin.users import router as users
from handlers.telegram.screen import Screen
from services.errors import N_
from services.payments.queries import PaymentNotFound
from services.payments.refunds.begin import parse_refund_and_reason
from services.reports.statistics import parse_period
from services.users.manage import check_reason, parse_change
from services.users.roles import parse_role

USAGES: Final = {
    "user": N_("Usage: /user WHO, for example: /user @anna"),
    "grant": N_("Usage: /grant WHO CREDITS REASON, for example: /grant @anna 5 for patience"),
    "take": N_("Usage: /take WHO CREDITS REASON, for example: /take #12 2.50 given by mistake"),
    "ban": N_("Usage: /ban WHO [REASON], for example: /ban #12 spam"),
    "unban": N_("Usage: /unban WHO [REASON], for example: /unban #12"),
    "stats": N_("Usage: /stats [7|30|90], for example: /stats 30"),
    "refund": N_("Usage: /refund PAYMENT [ROUBLES] [REASON], for example: /refund 2f0c…e1 150 paid twice"),
    "papers": N_("Usage: /papers [add|drop PAPER [MODEL]], for example: /papers add SBER"),
    "role": N_("Usage: /role WHO admin|moderator|none, for example: /role @anna moderator"),
}
Run = Callable[[Message, str, AdminContext], Awaitable[bool]]  # False: not as its usage says


def router() -> Router:
    router = Router(name="admin_commands")
    router.message.register(run, Command(*RUNS, ignore_case=True), StaffOnly())
    return router


async def run(message: Message, *, command: CommandObject, ctx: AdminContext) -> None:
    name = command.command.lower()
    if not await RUNS[name](message, (command.args or "").strip(), ctx):
        usage = ctx.tr.escape(ctx.tr.gettext(USAGES[name]))
        await ctx.respond(message, Screen(text=usage))


async def _user(message: Message, args: str, ctx: AdminContext) -> bool:
    if args:
        await users.look_for(message, args, ctx=ctx)
    return bool(args)


async def _change(message: Message, args: str, ctx: AdminContext, *, give: bool) -> bool:
    ctx.require()
    words = args.split(maxsplit=2)
    if len(words) < 3:
        return False
    who, amount, reason = words
    user = await ctx.services.user_management.find(who)
    change = parse_change(amount, balance=user.balance, give=give)
    await changes.propose_change(message, user, change, check_reason(reason), ctx=ctx)
    return True


async def _let_in(message: Message, args: str, ctx: AdminContext, *, allowed: bool) -> bool:
    ctx.require()
    if not args:
        return False
    who, _, reason = args.partition(" ")
    user = await ctx.services.user_management.find(who)
    await changes.let_in(message, user.id, ctx=ctx, allowed=allowed, reason=reason.strip() or None)
    return True


async def _stats(message: Message, args: str, ctx: AdminContext) -> bool:
    if args and parse_period(args) is None:
        return False
    await statistics.show_statistics(message, ctx=ctx, argument=args)
    return True


async def _refund(message: Message, args: str, ctx: AdminContext) -> bool:
    """Without a sum all that is left goes back; without a reason it is asked for."""
    ctx.require()
    number, _, rest = args.partition(" ")
    if not number:
        return False
    payment = await ctx.services.payment_queries.find(number)
    if payment is None:
        raise PaymentNotFound(number=number[:64])
    quote = await payments.require_quote(payment, ctx=ctx)
    amount, reason = parse_refund_and_reason(rest, quote)
    if reason:
        await payments.propose_refund(message, payment, amount, check_reason(reason), ctx=ctx)
    else:
        await payments.ask_reason(message, payment, amount, ctx=ctx)
    return True


async def _role(message: Message, args: str, ctx: AdminContext) -> bool:
    who, _, word = args.partition(" ")
    if not who:
        return False
    try:
        role = parse_role(word)
    except ValueError:
        return False
    await roles.appoint(message, await ctx.services.user_management.telegram_id_of(who), role, ctx=ctx)
    return True


RUNS: Final[dict[str, Run]] = {
    "user": _user,
    "grant": partial(_change, give=True),
    "take": partial(_change, give=False),
    "ban": partial(_let_in, allowed=False),
    "unban": partial(_let_in, allowed=True),
    "stats": _stats,
    "refund": _refund,
    "role": _role,
    "papers": forecasts.papers,
}
