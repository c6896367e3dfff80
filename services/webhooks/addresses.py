"""Where the shop may be told to send something: to the world, never to what stands beside it.

What a name leads to is asked when a connection is made and checked on the very address that is connected to, so neither
odd spellings nor names that change what they mean lead anywhere else."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType, SocketFactoryType, TCPConnector

from services.errors import N_, ShopError
from services.hosts import is_here

PORTS: Final = frozenset({443, 8443})
LONGEST: Final = 2048
_WITHIN: Final = tuple(  # that lead to IPv4 addresses or to ourselves, though Python calls some of them global
    ip_network(each)
    for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "::/96", "192.0.0.0/24", "192.88.99.0/24")
)
_URL: Final = re.compile(r"https?://[!-~]+")


class BadEndpoint(ShopError):
    message = N_(
        "An address is wanted that begins with https://, leads to the public internet, has port 443 or 8443 and no "
        "password in it."
    )


class PrivateAddress(OSError):
    """A connection that is not made."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address.scope_id is not None:
            return False
        if address not in ip_network("2000::/3"):
            return False
    if any(address.version == net.version and address in net for net in _WITHIN):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def check_url(url: str, *, loopback: bool) -> str:
    """`loopback`: this machine's own may be named, whatever the port, also without TLS. Raises `BadEndpoint`."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadEndpoint() from None
    if len(url) > LONGEST or not _URL.fullmatch(url) or "\\" in url or "@" in parts.netloc or not host:
        raise BadEndpoint()
    if loopback and is_here(host):
        return url
    if parts.scheme != "https" or (443 if port is None else port) not in PORTS or not _may_be_public(host):
        raise BadEndpoint()
    return url


def connector(*, loopback: bool, resolver: AbstractResolver | None = None) -> TCPConnector:
    """Connects to public addresses alone. Nothing is kept: each try asks anew where its name leads."""
    return TCPConnector(
        socket_factory=_guard(loopback=loopback), resolver=resolver, force_close=True, use_dns_cache=False
    )


def _guard(*, loopback: bool) -> SocketFactoryType:
    def open_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        address = ip_address(str(where[0]))
        if not is_public(address) and not (loopback and address.is_loopback):
            raise PrivateAddress(f"{address} is no public address")
        return socket.socket(family, kind, protocol)

    return open_socket


def _may_be_public(host: str) -> bool:
    """A name with a dot, or an address that is one. What a name leads to is checked when it is called."""
    try:
        return is_public(ip_address(host))
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return "." in host.rstrip(".") and not last.isdigit() and not last.startswith("0x") and "%" not in host
