"""Who is calling: the address of a request, and whether it may be listened to."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from fastapi import Request

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_HOPS = 32


def client_address(request: Request, proxies: Sequence[Network]) -> Address | None:
    """The address that our own proxies saw, or that is connected to us. None where it cannot be told."""
    peer = None if request.client is None else request.client.host
    return seen_address(peer, request.headers.getlist("x-forwarded-for"), proxies)


def seen_address(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    """Each proxy adds on the right the address that called it: read from there, the first that is none of our proxies
    is the caller. What stands further left anybody may have written; so is all of it when a stranger is connected."""
    address = _parse(peer)
    hops = [hop for line in forwarded for hop in line.split(",")][-MAX_HOPS:]
    while address is not None and hops and is_in(address, proxies):
        address = _parse(hops.pop())
    return address


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)  # False across versions


def _parse(text: str | None) -> Address | None:
    try:
        address = ip_address((text or "").strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
