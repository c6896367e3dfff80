"""The way to Telegram and back: a call is sent over HTTP, straight or through a proxy. What fails on the way is a
`TelegramNetworkError`, so that whoever called repeats it; a proxy that is at fault is named."""

import ssl
from functools import cache
from http import HTTPStatus
from typing import Any, cast

import certifi
from aiogram import Bot
from aiogram.__meta__ import __version__
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import (
    BytesPayload,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSession,
    ClientTimeout,
    FormData,
    TCPConnector,
)
from aiohttp.hdrs import USER_AGENT
from aiohttp.http import SERVER_SOFTWARE

from handlers.telegram.request_body import request_body
from services.proxies import Proxy
from services.redaction import redact

CONNECTIONS = 100  # this and the next as in aiogram
DNS_SECONDS = 3600


class TelegramProxyFailed(TelegramNetworkError):
    """It is the proxy that does not answer, or does not let us through."""


class SocksFailed(ClientError):
    """A SOCKS proxy refuses, hangs up or takes too long."""


class ProxySession(AiohttpSession):
    """`proxy`: for everything that goes to Telegram; names are looked up on its side."""

    def __init__(self, proxy: Proxy | None = None, **more: Any) -> None:  # Any: as aiogram takes it
        BaseSession.__init__(self, **more)  # AiohttpSession's own reads all certificates anew for each session
        self._session: ClientSession | None = None
        self._connector_type: type[TCPConnector] = TCPConnector
        self._connector_init = {"ssl": _trusting(certifi.where()), "limit": CONNECTIONS, "ttl_dns_cache": DNS_SECONDS}
        self.way = proxy
        if proxy is not None and proxy.is_socks:
            from handlers.telegram.socks import SocksConnector  # its library takes half a megabyte

            login = {"username": proxy.user or None, "password": proxy.password or None}
            self._connector_type = SocksConnector
            self._connector_init |= {"host": proxy.host, "port": proxy.port, "rdns": True, **login}

    async def create_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(
                connector=self._connector_type(**self._connector_init),
                headers={USER_AGENT: f"{SERVER_SOFTWARE} aiogram/{__version__}"},
                proxy=self.way.url if self.way is not None and not self.way.is_socks else None,
            )
        return self._session

    async def close(self) -> None:
        """aiohttp waits for its connections to close by itself; aiogram would sleep for a quarter of a second more."""
        if self._session is not None:
            await self._session.close()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        url, body = self.api.api_url(bot.token, method.__api_method__), request_body(self, bot, method)
        try:
            status_code, content = await self.exchange(url, body, timeout)
        except (ClientError, OSError) as error:
            raise self._failure(method, error) from error
        except UnicodeDecodeError as error:  # a page in another encoding
            raise ClientDecodeError("Not a text", error, None) from None
        response = self.check_response(bot, method, status_code, content)
        return cast(TelegramType, response.result)

    async def exchange(
        self,
        url: str,
        body: BytesPayload | FormData,
        timeout: float | None,  # noqa: ASYNC109 - as above
    ) -> tuple[int, str]:
        """The status and the text of the answer; `timeout` in seconds, the session's own where it is None."""
        http = await self.create_session()
        within = ClientTimeout(total=self.timeout if timeout is None else timeout)
        async with http.post(url, data=body, timeout=within) as answer:
            return answer.status, await answer.text()

    def require_through(self, method: TelegramMethod[Any], status_code: int) -> None:
        """A call in plain HTTP is answered by the proxy itself where it does not let it through. Raises
        `TelegramProxyFailed`."""
        if status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and self.way is not None:
            raise TelegramProxyFailed(method=method, message=f"{self.way}: 407 {HTTPStatus(status_code).phrase}")

    def _failure(self, method: TelegramMethod[Any], error: Exception) -> TelegramNetworkError:
        """What the proxy did, if it was the proxy; its address without user and password."""
        if isinstance(error, ClientHttpProxyError):
            return TelegramProxyFailed(method=method, message=f"{self.way}: {error.status} {error.message}")
        if isinstance(error, SocksFailed | ClientProxyConnectionError):
            return TelegramProxyFailed(method=method, message=f"{self.way}: {error}")
        words = "Request timeout error" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
        return TelegramNetworkError(method=method, message=words)


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """`authorities`: the file of them. It is read once a process: that takes 30 ms and a megabyte."""
    return ssl.create_default_context(cafile=authorities)


class Redact(BaseRequestMiddleware):
    """No text that anybody reads has a secret in it, whatever it quotes."""

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        return await make_request(bot, redacted(method))


def redacted(shown: Any) -> Any:  # Any: a method or a medium in it, whose texts have the same names
    changes = {}
    for name in ("text", "caption"):
        words = getattr(shown, name, None)
        if isinstance(words, str) and (clean := redact(words)) != words:
            changes[name] = clean
    media = getattr(shown, "media", None)
    if (caption := getattr(media, "caption", None)) and redact(caption) != caption:
        changes["media"] = redacted(media)
    return shown.model_copy(update=changes) if changes else shown
