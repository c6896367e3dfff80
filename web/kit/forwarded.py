"""The headers in which proxies write down who called them, as lists of hops: the nearest proxy's word is the last.

Strangers write into them too: what cannot be read stays in its place, never left out."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
# RFC 7239, section 4: pairs with semicolons between them make an element, elements with commas a list.
_PAIR = re.compile(
    r"""[ \t]*(?P<name>[-!#$%&'*+.^_`|~0-9A-Za-z]+)=
        (?:(?P<token>[-!#$%&'*+.^_`|~0-9A-Za-z]+)|"(?P<quoted>(?:[^"\\]|\\.)*)")
        [ \t]*(?P<end>[;,]|$)""",
    re.VERBOSE | re.ASCII,
)


def parse_address(text: str | None) -> Address | None:
    """An address as it stands; an IPv4 one in IPv6 clothes is IPv4."""
    try:
        address = ip_address((text or "").strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_hop(text: str | None) -> Address | None:
    """`185.71.76.5`, `185.71.76.5:41822`, `2a02:5180::1`, `[2a02:5180::1]:443`; not `unknown` nor a made-up name."""
    hop = (text or "").strip()
    found = _WITH_PORT.fullmatch(hop)
    return parse_address(found["v6"] or found["v4"] if found else hop)


def read_list(lines: Sequence[str]) -> list[str | None]:
    """`X-Forwarded-For`: addresses with commas between them."""
    return [hop for line in lines for hop in line.split(",")]


def read_forwarded(lines: Sequence[str]) -> list[str | None]:
    """`Forwarded` (RFC 7239): the `for` of each element. A line with any mistake says nothing: an open quotation mark
    that a stranger sent must not swallow what a proxy adds."""
    return [hop for line in lines for hop in _read_elements(line)]


def _read_elements(line: str) -> list[str | None]:
    hops: list[str | None] = []
    seen: list[str] = []
    at = 0
    while (pair := _PAIR.match(line, at)) is not None:
        at = pair.end()
        if pair["name"].lower() == "for":
            seen.append(pair["token"] or re.sub(r"\\(.)", r"\1", pair["quoted"] or ""))
        if pair["end"] != ";":
            hops.append(seen[0] if len(seen) == 1 else None)
            seen = []
        if not pair["end"]:
            return hops
    return [None]
