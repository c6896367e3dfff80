"""Who is calling: the address of a request, and whether it may be listened to."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from fastapi import Request
from starlette.datastructures import Headers

from web.kit.forwarded import Address, parse_address, parse_hop, read_forwarded, read_list

Network = IPv4Network | IPv6Network

MAX_HOPS = 32
MAX_SHOWN = 100  # characters of a header in the log
LISTS = {"x-forwarded-for": read_list, "forwarded": read_forwarded}
SINGLE = "x-real-ip"
OF_PROXIES = frozenset({*LISTS, SINGLE, "via", "true-client-ip", "cf-connecting-ip", "x-client-ip"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """`address` is None where it cannot be told; `source` says what it was read from, or why it cannot be told.
    `direct`: no proxy stands between, as far as the request shows."""

    address: Address | None
    source: str
    direct: bool


def caller(request: Request, proxies: Sequence[Network]) -> RequestOrigin:
    """Whom our own proxies saw, or who is connected to us."""
    peer = None if request.client is None else request.client.host
    return find_caller(peer, request.headers, proxies)


def find_caller(peer: str | None, headers: Headers, proxies: Sequence[Network]) -> RequestOrigin:
    """Headers are believed of our own proxies alone, and of each header the part that the proxies wrote: the end. The
    nearest proxy writes at least one of them; the others may have come from the caller, so all must say the same."""
    direct = not any(name in OF_PROXIES or name.startswith("x-forwarded-") for name in headers)
    address = parse_address(peer)
    if address is None or not is_in(address, proxies):
        return RequestOrigin(address=address, source="the connection", direct=direct)
    told = {name: headers.getlist(name) for name in (*LISTS, SINGLE) if name in headers}
    if not told:
        return RequestOrigin(
            address=address, source="the connection: no X-Forwarded-For, Forwarded, X-Real-IP", direct=direct
        )
    shown = "; ".join(f"{name}: {', '.join(lines)[-MAX_SHOWN:]!a}" for name, lines in told.items())
    return RequestOrigin(address=_agreed(told, proxies), source=shown, direct=False)


def seen_address(hops: Sequence[str | None], proxies: Sequence[Network]) -> Address | None:
    """Each proxy adds on the right the address that called it: read from there, the first that is none of our proxies
    is the caller. What stands further left anybody may have written."""
    address = None
    for hop in reversed(hops[-MAX_HOPS:]):
        address = parse_hop(hop)
        if address is None or not is_in(address, proxies):
            break
    return address


def is_insider(request: Request, proxies: Sequence[Network], token: str) -> bool:
    """This machine, a trusted network, or whoever shows `token` (empty: nobody does). A proxy that brings the world
    here is none of them."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode()):
        return True
    who = caller(request, proxies)
    return who.direct and who.address is not None and (who.address.is_loopback or is_in(who.address, proxies))


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)  # False across versions


def _agreed(told: dict[str, list[str]], proxies: Sequence[Network]) -> Address | None:
    """A single address is what the nearest proxy saw, or what one before it did."""
    lists = [read(told[name]) for name, read in LISTS.items() if name in told]
    found = {seen_address(hops, proxies) for hops in lists}
    if SINGLE in told:
        single = parse_hop(told[SINGLE][0]) if len(told[SINGLE]) == 1 else None
        if not lists:
            return single
        if single is None or single not in found | {parse_hop(hops[-1]) for hops in lists}:
            return None
    return found.pop() if len(found) == 1 else None
