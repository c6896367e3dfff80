"""Telegram's Stars: invoices, the last question before the money, charges, subscriptions, the bot's account."""
