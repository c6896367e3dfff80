"""Telegram's Stars, as the settings say."""

from fractions import Fraction

from aiogram import Bot

from bot.settings import Settings
from db.tables.currencies import Currency
from handlers.telegram.stars import BotStars
from services.clock import Clock
from services.payments.context import ProviderAccount
from services.payments.merchant import Merchant
from services.payments.pricing import CreditPrice
from services.payments.providers.stars.provider import Stars


def star_price(settings: Settings) -> CreditPrice | None:
    """What a credit costs in Stars; None where they are not taken."""
    if settings.stars_price is None:
        return None
    return CreditPrice(minor=1 / Fraction(settings.stars_price), currency=Currency.XTR)


def stars_account(bot: Bot, clock: Clock, merchant: Merchant) -> ProviderAccount:
    return ProviderAccount(provider=Stars(BotStars(bot), clock, shop_id=merchant.shop_id), merchant=merchant)


def bot_number(settings: Settings) -> str:
    """What Telegram calls the shop: the bot's id, which outlives its token."""
    return settings.bot_token.get_secret_value().partition(":")[0]
