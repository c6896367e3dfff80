"""Telegram as a bot sees it: worlds of people and messages behind the Bot API."""
