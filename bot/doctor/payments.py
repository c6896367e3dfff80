"""What providers know of the shop's money and our books do not."""

from dataclasses import dataclass
from datetime import date

from bot.settings import Settings
from bot.wiring.payments import open_payments
from db.engine import Database
from db.errors import DatabaseUnavailable, NewerDatabase, OldRevision
from db.migrate import require_head
from handlers.telegram.client import make_bot
from services.clock import Clock
from services.coordination.memory import MemoryCoordination
from services.money import Money, sums
from services.payments.other_shop import unfinished_of_other_shops
from services.payments.provider_list import missing, reading_from
from services.payments.providers.base import ProviderError, RemotePayment
from services.payments.providers.titles import provider_title
from services.payments.service import Payments

PAGES = 30  # of the list: a doctor is not waited for long


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """`missing`: paid payments of this shop without a row, `money` in all, the first begun on `since`. `elsewhere`:
    unfinished ones of other `shops`. `providers`: those that were asked."""

    providers: str
    missing: int
    money: tuple[Money, ...]
    since: date
    elsewhere: int
    shops: tuple[str, ...]


async def compare_books(settings: Settings, clock: Clock) -> Books | None:
    """None where the shop takes no money, or something stands in the way that others tell of."""
    try:
        require_head(settings.database_url)
    except (DatabaseUnavailable, NewerDatabase, OldRevision):
        return None
    db = Database(settings.database_url)
    bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url, settings.telegram_proxy)
    payments = open_payments(settings, db, clock, MemoryCoordination(), lambda: None, bot=bot)
    try:
        if payments is None:
            return None
        return await _compare(payments, db, clock)
    except (ProviderError, DatabaseUnavailable):
        return None
    finally:
        if payments is not None:
            payments.close()
        await bot.session.close()
        await db.close()


async def _compare(payments: Payments, db: Database, clock: Clock) -> Books:
    """Of the list, what the shop has not read by itself."""
    lost, since = list[RemotePayment](), clock()
    for account in payments.accounts:
        merchant, pages = account.merchant, 0
        since = await db.read(reading_from, merchant.provider, merchant.shop_id, clock())
        async for page in account.provider.payments_since(since):
            lost += await db.read(missing, page, merchant)
            pages += 1
            if pages == PAGES:
                break
    elsewhere = await db.read(unfinished_of_other_shops, payments.accounts.shops)
    return Books(
        providers=", ".join(provider_title(each.merchant.provider) for each in payments.accounts),
        missing=len(lost),
        money=sums(each.amount for each in lost),
        since=min((each.created_at or since for each in lost), default=since).date(),
        elsewhere=len(elsewhere),
        shops=tuple(sorted({each.provider_shop_id or "" for each in elsewhere})),
    )
