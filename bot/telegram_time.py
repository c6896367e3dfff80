"""What time it is at Telegram: the Date that its server puts on every answer."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from handlers.telegram.session import ProxySession
from services.proxies import Proxy

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def telegram_time(api_url: str, proxy: Proxy | None = None) -> datetime | None:
    """None from a server that does not tell. Raises OSError (aiohttp's errors included) or TimeoutError where nobody
    answers."""
    async with ProxySession(proxy) as session:
        http = await session.create_session()
        try:
            async with http.head(api_url, timeout=TIMEOUT, allow_redirects=False) as answer:
                told = parsedate_to_datetime(answer.headers["Date"])
                return told.replace(tzinfo=UTC) if told.tzinfo is None else told
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error
