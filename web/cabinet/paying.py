"""What every form has that ends in a payment: ways to pay, the address for a receipt, where the payer comes back to."""

from collections.abc import Sequence
from typing import Final

from db.tables.currencies import Currency
from db.tables.identities import SessionKind
from services.digits import whole_number
from services.errors import ShopError
from services.money import Money
from services.payments.context import ProviderAccount
from services.payments.service import Payments
from services.plans.checkout import PlanWay
from web.kit.viewer import Customer

LONGEST_RETURN: Final = 255  # characters of an address that payments keep


def ways_of(me: Customer, payments: Payments) -> list[ProviderAccount]:
    """Stars only for who has Telegram, unless there is nothing else."""
    every = list(payments.accounts)
    return [each for each in every if _can(me, each.merchant.currency)] or every


def payable(me: Customer, ways: Sequence[PlanWay]) -> list[PlanWay]:
    """As `ways_of`."""
    return [each for each in ways if _can(me, Currency(each.price.currency))] or list(ways)


def _can(me: Customer, currency: Currency) -> bool:
    return currency is not Currency.XTR or me.user.telegram_id is not None


def shown_price(price: str, currency: str) -> Money | None:
    """As a form sends it back: minor units and their currency."""
    minor = whole_number(price, most=2**53)
    return Money(minor, Currency(currency)) if minor is not None and currency in set(Currency) else None


async def form_key(me: Customer) -> str:
    """The same in two tabs, until one of them has made a payment."""
    latest = await me.site.services.payment_queries.of_user(me.user.id, size=1)
    return latest.items[0].id.hex if latest.items else "first"


async def keep_email(me: Customer, typed: str) -> str | None:
    """Asked once, for receipts. Returns what is wrong with it."""
    try:
        await me.site.services.users.set_email(me.user.id, typed)
    except ShopError as error:
        return me.tr.error(error)
    return None


def way_back(me: Customer, here: str, *places: str) -> str:
    """To the payment's page, the first of `places` that fits. Who pays for the Mini App does it in a browser that is
    not signed in: back to the bot."""
    name = me.site.bot_username()
    if me.signed_in.kind is SessionKind.MINI_APP and name is not None:
        return f"{me.site.telegram_links}/{name}"
    return next((here + place for place in places if len(here + place) <= LONGEST_RETURN), here)
