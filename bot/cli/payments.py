"""`kassandra reconcile`: one round over everything unfinished and the provider's list, by hand."""

import asyncio
import sys
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.cli.database import require_books
from bot.logs import set_up
from bot.settings import Settings, load_settings
from bot.wiring.payments import open_payments, open_renewals, why_closed
from db.engine import Database
from handlers.telegram.client import make_bot
from services.billing.credits import format_credits
from services.clock import system_clock
from services.coordination.memory import MemoryCoordination
from services.payments.applied import Applied
from services.payments.provider_list import UnmatchedPayment
from services.payments.providers.base import ProviderError
from services.payments.queries import PaymentQueries, RefundView
from services.payments.service import Payments
from services.payments.settlement import LOST, PaymentChange
from services.plans.renewals import Renewals

NOT_WHOLE = "YooKassa's list was not read to its end. Run it again."
FIRST_YEAR = 2010
WHY = {
    Applied.UNPROVEN: "bears this shop's mark, but it is not true",
    Applied.UNBOOKED: "not in our books, and may be ours",
    Applied.MISMATCH: "differs from our books",
    Applied.STRAY: "for nothing that we know, kept to be sent back",
}


def run_reconcile(since: date | None) -> int:
    settings = load_settings()
    set_up(settings.log_level, settings.log_format)
    if since is not None and (problem := _why_no_start(since, system_clock().astimezone(ZoneInfo(settings.timezone)))):
        print(f"kassandra: --since: {problem}", file=sys.stderr)
        return 2
    require_books(settings.database_url)
    return asyncio.run(_reconcile(settings, since))


def _why_no_start(day: date, now: datetime) -> str | None:
    if day > now.date():
        return f"{day} is still to come; it is {now.date()}. Give the day of the back-up."
    if day.year < FIRST_YEAR:
        return f"in {day.year} YooKassa took no payments yet; {FIRST_YEAR}-01-01 is early enough for everything."
    return None


async def _reconcile(settings: Settings, day: date | None) -> int:
    db = Database(settings.database_url)
    bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url, settings.telegram_proxy)
    payments = open_payments(settings, db, system_clock, MemoryCoordination(), lambda: None, bot=bot)
    since = None if day is None else datetime.combine(day, time(), ZoneInfo(settings.timezone))
    try:
        if payments is None:
            print(f"This shop takes no payments; not set: {why_closed(settings) or 'PAYMENT_METHODS'}.")
            return 1
        lines = await report(payments, open_renewals(settings, payments), PaymentQueries(db), since)
        for line in lines:
            print(line)
        return 1 if NOT_WHOLE in lines else 0
    except ProviderError as error:
        print(f"YooKassa did not give its list of payments ({error.code}). Try again.")
        return 1
    finally:
        if payments is not None:
            payments.close()
        await bot.session.close()
        await db.close()


async def report(
    payments: Payments, renewals: Renewals, queries: PaymentQueries, since: datetime | None = None
) -> list[str]:
    """Do a round; what it changed, a line each, and what it found and left alone. Raises `ProviderError` where the list
    since then cannot be had."""
    looked = await renewals.round()
    done = await payments.reconciler.round(everything=True, since=since)
    listed = done.listed
    changed = [await _payment(change, queries) for change in done.payments]
    changed += [f"{await _payment(change, queries)}, found in YooKassa's list" for change in listed.payments]
    changed += [_refund(refund) for refund in done.refunds]
    changed += [f"{_refund(refund)}, found in YooKassa's list" for refund in listed.refunds]
    unmatched = [
        _unmatched(each) for each in listed.unmatched if since is not None or each.applied in {*LOST, Applied.STRAY}
    ]
    unmatched += [
        f"payment {each.id}: of YooKassa's shop {each.provider_shop_id}, nobody asks" for each in done.elsewhere
    ]
    subscriptions = f", {looked} subscriptions looked at" if looked else ""
    end = f"{len(changed)} changed, {done.notifications} notifications handled{subscriptions}."
    return [*changed, *unmatched, end, *([] if listed.complete else [NOT_WHOLE])]


async def _payment(change: PaymentChange, queries: PaymentQueries) -> str:
    payment = await queries.get(change.payment_id)
    money = f"{payment.amount}, {format_credits(payment.credits)} credits"
    return f"payment {payment.id}: {change.applied} ({money}, user {payment.user_id})"


def _refund(refund: RefundView) -> str:
    taken = f"{format_credits(refund.credits_taken)} credits taken"
    owed = f", {format_credits(refund.credits_uncollected)} not to be had" if refund.credits_uncollected else ""
    money = str(refund.amount)
    return f"refund {refund.id}: {refund.status} ({money}, {taken}{owed})"


def _unmatched(each: UnmatchedPayment) -> str:
    """Money that was left alone."""
    remote = each.remote
    moment = remote.paid_at or remote.created_at
    when = "" if moment is None else f", {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{WHY.get(each.applied, 'not ours')}: {remote.amount}, {remote.id}{when}"
