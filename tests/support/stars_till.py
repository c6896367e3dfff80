"""A till that takes Stars beside roubles: one Star is 0.13 credits."""

from dataclasses import replace
from fractions import Fraction
from typing import Final

from db.tables.currencies import Currency
from services.coordination.memory import MemoryCoordination
from services.payments.context import ProviderAccount
from services.payments.pricing import CreditPrice
from services.payments.providers.stars.gateway import NAME
from services.payments.providers.stars.provider import Stars
from services.payments.providers.stars.service import StarsPayments
from services.payments.service import Payments
from services.payments.strays import Strays
from services.users.roles import Staff
from tests.support.stars import FakeStars
from tests.support.tills import MERCHANT, OWNER, PRICING, Cashier, make_till

BOT: Final = "4242"
PRICES: Final = {**PRICING, Currency.XTR: CreditPrice(minor=Fraction(100, 13), currency=Currency.XTR)}


def open_stars_till(
    cashier: Cashier, telegram: FakeStars, owner: int = OWNER
) -> tuple[Payments, StarsPayments, Strays]:
    """`owner`: a Telegram id."""
    merchant = replace(MERCHANT, provider=NAME, shop_id=BOT, test=False, currency=Currency.XTR, keeps_strays=True)
    account = ProviderAccount(provider=Stars(telegram, cashier.clock, shop_id=BOT), merchant=merchant)
    others = ProviderAccount(provider=cashier.yookassa, merchant=MERCHANT)
    till = make_till(
        cashier.db,
        cashier.clock,
        [others, account],
        PRICES,
        lambda: None,
        coordination=MemoryCoordination(),
        owners=(owner,),
    )
    return till, StarsPayments(till, account, cashier.clock), Strays(till.ctx, Staff((owner,)))
