"""Whether Telegram's Stars can be taken, and how many there are."""

from aiogram import Bot

from bot.doctor.findings import Finding, bad, good, poor
from bot.settings import Settings
from handlers.telegram.stars import BotStars
from services.payments.providers.base import ProviderError
from services.payments.providers.stars.gateway import NAME

FIX = "leave STARS_PRICE empty, or name stars in PAYMENT_METHODS"


async def stars(settings: Settings, bot: Bot) -> list[Finding]:
    """Nothing of a shop that does not take them."""
    if settings.stars_price is None:
        return []
    if NAME not in settings.payment_methods:
        return [poor(NAME, "STARS_PRICE is set, and PAYMENT_METHODS leaves stars out", FIX)]
    try:
        balance = await BotStars(bot).balance()
    except ProviderError as error:
        return [poor(NAME, f"Telegram does not tell the bot's balance ({error.code})", "try again later")]
    if balance < 0:
        text = f"the bot owes Telegram {-balance} Stars: refunds or chargebacks were more than it had"
        return [bad(NAME, text, "refunds fail until sales cover that")]
    return [good(NAME, f"one Star buys {settings.stars_price} credits; {balance} Stars on the bot's balance")]
