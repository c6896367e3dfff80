"""Proxies as people have them: HTTP (CONNECT, and whole addresses for what is not TLS) and SOCKS5, with or without a
password. They know names that nobody else knows, write down where they were asked to go, and can die and come back."""

import asyncio
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address
from ssl import SSLContext
from urllib.parse import urlsplit

Place = tuple[str, int]
USER, PASSWORD = "clerk", "p@ss:w/rd-of-the-proxy"
LOGIN = "clerk:p%40ss%3Aw%2Frd-of-the-proxy"
OF_FAMILY = {1: (4, IPv4Address), 4: (16, IPv6Address)}


class Refusal(Exception):
    """What is sent to the client before it is left alone."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer


class ProxyServer:
    """`hosts`: names and where they are. `login`: whether it wants `USER` and `PASSWORD`. `closed`: it lets nobody
    through. `silent`: it takes connections and says nothing."""

    def __init__(self, *, hosts: Mapping[str, Place], login: bool, host: str, tls: SSLContext | None) -> None:
        self.went: list[str] = []
        self.closed = self.silent = False
        self.port = 0
        self.host = host
        self._hosts, self._login, self._tls = hosts, login, tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """On the port that it had before."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self.silent:
                await reader.read()
            await self._pass_on(reader, writer)
        except Refusal as refusal:
            writer.write(refusal.answer)
            await writer.drain()
        except (OSError, EOFError):
            pass  # one end went away
        finally:
            self._open.discard(writer)
            with suppress(OSError):
                writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _join(self, place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.went.append(f"{place[0]}:{place[1]}")
        back, forth = await asyncio.open_connection(*self._hosts.get(place[0], place))
        self._open.add(forth)
        return back, forth

    async def _pump(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        async def one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
                writer.close()

        try:
            await asyncio.gather(one_way(client[0], there[1]), one_way(there[0], client[1]))
        finally:
            self._open.discard(there[1])
            there[1].transport.abort()


class HttpProxy(ProxyServer):
    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        method, target, _ = request.split(" ")
        wanted = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self._login and f"proxy-authorization: basic {wanted}".lower() not in [line.lower() for line in lines]:
            raise Refusal(
                b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="here"\r\n\r\n'
            )
        if self.closed:
            raise Refusal(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        assert parts.hostname is not None
        back, forth = await self._join((parts.hostname, parts.port or 80))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n")
            await writer.drain()
            writer.write(b"Proxy-Agent: a real one\r\n\r\n")  # in a segment of its own, as many do
        else:
            kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
            path = parts._replace(scheme="", netloc="").geturl() or "/"
            forth.write("\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *kept]).encode("latin-1"))
        await self._pump((reader, writer), (back, forth))


class SocksProxy(ProxyServer):
    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        method = 2 if self._login else 0
        if method not in await reader.readexactly(count):
            raise Refusal(b"\x05\xff")
        writer.write(bytes([5, method]))
        if self._login:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            if (user.decode(), password.decode()) != (USER, PASSWORD):
                raise Refusal(b"\x01\x01")
            writer.write(b"\x01\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            size, family = OF_FAMILY[kind]
            host = str(family(await reader.readexactly(size)))
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        if self.closed:
            raise Refusal(b"\x05\x02\x00\x01" + bytes(6))
        back, forth = await self._join((host, port))
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await self._pump((reader, writer), (back, forth))


@asynccontextmanager
async def proxy_server(
    scheme: str,
    *,
    hosts: Mapping[str, Place],
    login: bool = True,
    host: str = "127.0.0.1",
    tls: SSLContext | None = None,
) -> AsyncIterator[ProxyServer]:
    kind = SocksProxy if scheme.startswith("socks") else HttpProxy
    proxy = kind(hosts=hosts, login=login, host=host, tls=tls)
    await proxy.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(proxy.die)
        yield proxy
