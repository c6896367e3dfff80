"""The payments of a shop, as its settings say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot

from bot.settings import Settings
from bot.wiring.cloudpayments import cloudpayments_account
from bot.wiring.identity import people_of
from bot.wiring.stars import bot_number, star_price, stars_account
from db.engine import Database
from db.tables.currencies import Currency
from services.clock import Clock
from services.coordination.base import Coordination
from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.owners import tell_owners
from services.payments.alerts import PaymentProblem, forget
from services.payments.context import ProviderAccount
from services.payments.fulfilment import Purpose
from services.payments.mark import MarkSigner
from services.payments.merchant import Merchant
from services.payments.pricing import CreditPrice, Pricing
from services.payments.providers.cloudpayments.notifications import NAME as CLOUDPAYMENTS
from services.payments.providers.stars.gateway import NAME as STARS
from services.payments.providers.stars.service import StarsPayments
from services.payments.service import Payments, make_payments
from services.plans.discounts import discount_of
from services.plans.fulfilment import PlanFulfilment
from services.plans.renewals import Renewals

if TYPE_CHECKING:
    from services.payments.providers.yookassa.provider import YooKassa

log = structlog.get_logger()

MISSING: Final = {
    "yookassa": "YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY",
    CLOUDPAYMENTS: "CLOUDPAYMENTS_PUBLIC_ID, CLOUDPAYMENTS_API_SECRET",
    STARS: "STARS_PRICE",
}
TEST_KEYS = "test_"  # what the secret keys of test shops begin with


def open_payments(
    settings: Settings,
    db: Database,
    clock: Clock,
    coordination: Coordination,
    on_news: Callable[[], None],
    *,
    bot: Bot,
) -> Payments | None:
    """In the order of PAYMENT_METHODS those that the settings know how to reach; `bot`: who asks Telegram. None where
    they reach none; `why_closed` says what is missing."""
    openers: dict[str, Opener] = {**OPENERS, STARS: partial(_stars, bot=bot, clock=clock)}
    found = (openers[name](settings) for name in settings.payment_methods)
    accounts = [account for account in found if account is not None]
    if not accounts:
        return None
    pricing = {Currency.RUB: CreditPrice(minor=settings.credit_price)}
    if (stars := star_price(settings)) is not None:
        pricing[Currency.XTR] = stars
    retired = retired_accounts(settings, bot, clock)
    return _payments(settings, db, clock, coordination, on_news, accounts=accounts, pricing=pricing, retired=retired)


def open_closed(
    settings: Settings,
    db: Database,
    clock: Clock,
    coordination: Coordination,
    on_news: Callable[[], None],
    *,
    bot: Bot,
) -> Payments:
    """Of a shop that offers nothing. A link to pay in Stars works for ever, and Telegram charges its subscriptions
    until it is told to stop: what comes is booked, and goes back where it bought nothing."""
    retired = [open_stars(settings, bot, clock)]
    return _payments(settings, db, clock, coordination, on_news, accounts=[], pricing={}, retired=retired)


def _payments(
    settings: Settings,
    db: Database,
    clock: Clock,
    coordination: Coordination,
    on_news: Callable[[], None],
    *,
    accounts: Sequence[ProviderAccount],
    pricing: Pricing,
    retired: Sequence[ProviderAccount],
) -> Payments:
    return make_payments(
        db,
        clock,
        accounts,
        pricing,
        on_news,
        coordination=coordination,
        fulfilments={Purpose.PLAN: PlanFulfilment()},
        discount_of=discount_of,
        owners=settings.owner_ids,
        retired=retired,
    )


def retired_accounts(settings: Settings, bot: Bot, clock: Clock) -> list[ProviderAccount]:
    """Of providers that PAYMENT_METHODS does not name any more, and that can be reached: what was begun there goes on.
    Telegram charges its subscriptions until it is told to stop."""
    others = (opener(settings) for name, opener in OPENERS.items() if name not in settings.payment_methods)
    stars = _stars(settings, bot=bot, clock=clock) if STARS in settings.payment_methods else None
    found = [account for account in others if account is not None]
    return found if stars is not None else [*found, open_stars(settings, bot, clock)]


def open_renewals(settings: Settings, payments: Payments) -> Renewals:
    return Renewals(payments.ctx, payments.charging, grace=timedelta(days=settings.plan_grace_days))


def _yookassa(settings: Settings) -> ProviderAccount | None:
    provider = open_yookassa(settings)
    if provider is None or settings.yookassa_shop_id is None or settings.yookassa_secret_key is None:
        return None
    test = settings.yookassa_secret_key.get_secret_value().startswith(TEST_KEYS)
    merchant = merchant_of(settings, provider.name, settings.yookassa_shop_id, test=test)
    return ProviderAccount(provider=provider, merchant=replace(merchant, vat_code=settings.yookassa_vat_code))


def _cloudpayments(settings: Settings) -> ProviderAccount | None:
    if settings.cloudpayments_public_id is None:
        return None
    merchant = merchant_of(settings, CLOUDPAYMENTS, settings.cloudpayments_public_id, test=False)
    return cloudpayments_account(settings, merchant)


def _stars(settings: Settings, *, bot: Bot, clock: Clock) -> ProviderAccount | None:
    return None if settings.stars_price is None else open_stars(settings, bot, clock)


def open_stars_payments(payments: Payments, clock: Clock) -> StarsPayments:
    """Also where they are not offered any more: subscriptions that were begun go on."""
    return StarsPayments(payments, payments.accounts.of(STARS), clock)


def open_stars(settings: Settings, bot: Bot, clock: Clock) -> ProviderAccount:
    merchant = merchant_of(settings, STARS, bot_number(settings), test=False)
    return stars_account(bot, clock, replace(merchant, currency=Currency.XTR, keeps_strays=True))


Opener = Callable[[Settings], ProviderAccount | None]
OPENERS: Final[Mapping[str, Opener]] = {"yookassa": _yookassa, CLOUDPAYMENTS: _cloudpayments}


def merchant_of(settings: Settings, provider: str, shop_id: str, *, test: bool) -> Merchant:
    """As any provider knows the shop."""
    return Merchant(
        provider=provider,
        shop_id=shop_id,
        test=test,
        owners=settings.owner_ids,
        signer=signer_of(settings),
        welcome_credits=settings.welcome_credits,
        language=settings.default_language,
        people=people_of(settings),
    )


def signer_of(settings: Settings) -> MarkSigner:
    """The bot's id outlives its token; of the two secrets one outlives the loss of the other."""
    token, key = settings.bot_token.get_secret_value(), settings.yookassa_secret_key
    return MarkSigner.of(token.partition(":")[0], token, *([key.get_secret_value()] if key is not None else []))


def open_yookassa(settings: Settings) -> "YooKassa | None":
    if settings.yookassa_shop_id is None or settings.yookassa_secret_key is None:
        return None
    from services.payments.providers.yookassa.provider import YooKassa  # its SDK takes 9 MB, of shops without it too

    return YooKassa(
        shop_id=settings.yookassa_shop_id,
        secret_key=settings.yookassa_secret_key.get_secret_value(),
        api_url=settings.yookassa_api_url,
        proxy=settings.yookassa_proxy.url if settings.yookassa_proxy else None,
    )


def why_closed(settings: Settings) -> str | None:
    """Which settings a payments would need; None where there is one, or nobody wants one."""
    ready = {
        "yookassa": settings.yookassa_shop_id is not None,
        CLOUDPAYMENTS: settings.cloudpayments_public_id is not None,
        STARS: settings.stars_price is not None,
    }
    wanted = [name for name in settings.payment_methods if name in MISSING]
    if not wanted or any(ready[name] for name in wanted):
        return None
    return MISSING[wanted[0]]


async def tell_why_closed(settings: Settings, db: Database, clock: Clock) -> None:
    """Each owner is told once."""
    await db.write(forget, PaymentProblem.OFF)
    if (missing := why_closed(settings)) is not None:
        log.warning("payments_off", missing=missing)
        trouble = PaymentTrouble(problem=PaymentProblem.OFF, about="settings", detail=missing)
        await db.write(tell_owners, settings.owner_ids, trouble, now=clock())
