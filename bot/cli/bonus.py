"""`kassandra bonus grant`: the weekly bonus by hand."""

import asyncio

from bot.cli.database import require_books
from bot.logs import set_up
from bot.settings import ShopSettings, load_shop_settings
from bot.wiring.bonuses import open_bonuses
from db.engine import Database
from services.billing.credits import format_credits
from services.bonuses import parse_week, week_of
from services.clock import system_clock


def run_bonus(week: str | None) -> int:
    """`week`: ISO, this one where it is not given. Who has it already gets nothing."""
    settings = load_shop_settings()
    set_up("WARNING", "console")
    require_books(settings.database_url)
    return asyncio.run(_grant(settings, week))


async def _grant(settings: ShopSettings, given: str | None) -> int:
    db = Database(settings.database_url)
    try:
        bonuses = open_bonuses(settings, db, system_clock)
        now, zone = system_clock(), bonuses.terms.zone
        week = week_of(now, zone) if given is None else parse_week(given, now=now, zone=zone)
        amount = format_credits(bonuses.terms.amount)
        if not bonuses.terms.amount:
            print("There is no weekly bonus: WEEKLY_BONUS_CREDITS is 0.")
            return 1
        granted = await bonuses.grant(week)
    finally:
        await db.close()
    print(f"{week}: {amount} credits to {granted.users} users.")
    if not granted.finished:
        print("Another process is granting right now and goes on with the others.")
    return 0
