"""What time it is at Telegram: the Date that its server puts on every answer."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def telegram_time(api_url: str) -> datetime | None:
    """None from a server that does not tell. Raises OSError (aiohttp's errors included) or TimeoutError where nobody
    answers."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        try:
            async with http.head(api_url, allow_redirects=False) as answer:
                return parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            return None
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error
