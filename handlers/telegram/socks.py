"""The way through a SOCKS proxy. Only a shop that has one imports it."""

import asyncio
import ssl
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from handlers.telegram.session import SocksFailed

PROXY_SECONDS = 10.0  # to be let through


class SocksConnector(ProxyConnector):
    """One that names all it meets: the library lets a proxy's hanging up out as the end of a file."""

    async def _connect_via_proxy(
        self,
        host: str,
        port: int,
        ssl: ssl.SSLContext | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        return await super()._connect_via_proxy(host, port, ssl, timeout or PROXY_SECONDS)

    async def _wrap_create_connection(self, *args: Any, **more: Any) -> tuple[asyncio.Transport, ResponseHandler]:
        try:
            return await super()._wrap_create_connection(*args, **more)
        except EOFError as error:
            raise SocksFailed("it hangs up") from error
        except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
            raise SocksFailed(str(error)) from error
