"""`kassandra reconcile`: one round over everything unfinished, by hand."""

import asyncio

from bot.settings import Settings, load_settings
from bot.till import open_till, why_closed
from db.engine import Database
from db.migrate import require_head
from services.billing.credits import format_credits
from services.clock import system_clock
from services.payments.money import to_text
from services.payments.reconcile import Round
from services.payments.till import Till
from services.payments.views import Payments


def run_reconcile() -> int:
    settings = load_settings()
    require_head(settings.database_url)
    return asyncio.run(_reconcile(settings))


async def _reconcile(settings: Settings) -> int:
    db = Database(settings.database_url)
    till = open_till(settings, db, system_clock, lambda: None)
    try:
        if till is None:
            print(f"This shop takes no payments; not set: {why_closed(settings) or 'PAYMENT_METHODS'}.")
            return 1
        for line in await report(till, Payments(db)):
            print(line)
    finally:
        if till is not None:
            till.close()
        await db.close()
    return 0


async def report(till: Till, payments: Payments) -> list[str]:
    """Do a round; what it changed, a line each."""
    done: Round = await till.reconciler.round(everything=True)
    lines = []
    for change in done.payments:
        payment = await payments.get(change.payment_id)
        money = f"{to_text(payment.amount_kopecks)} {payment.currency}, {format_credits(payment.credits)} credits"
        lines.append(f"payment {payment.id}: {change.applied} ({money}, user {payment.user_id})")
    for refund in done.refunds:
        taken = f"{format_credits(refund.credits_taken)} credits taken"
        owed = f", {format_credits(refund.credits_uncollected)} not to be had" if refund.credits_uncollected else ""
        money = f"{to_text(refund.amount_kopecks)} {refund.currency}"
        lines.append(f"refund {refund.id}: {refund.status} ({money}, {taken}{owed})")
    lines.append(f"{len(lines)} changed, {done.notifications} notifications handled.")
    return lines
