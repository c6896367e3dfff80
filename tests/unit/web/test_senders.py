"""Whose request it is, whatever it says of itself."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from web.kit.forwarded import parse_hop, read_forwarded
from web.kit.senders import RequestOrigin, find_caller, is_in
from web.webhooks.yookassa import YOOKASSA_NETWORKS

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
XFF, FORWARDED, REAL = "X-Forwarded-For", "Forwarded", "X-Real-IP"
YOOKASSA = "185.71.76.1"
STRANGER = "203.0.113.9"
Header = tuple[str, str]


def found(peer: str | None, *headers: Header) -> RequestOrigin:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return find_caller(peer, Headers(raw=raw), PROXIES)


def address(text: str | None) -> IPv4Address | IPv6Address | None:
    return None if text is None else ip_address(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["77.75.153.1"], "203.0.113.9"),  # a stranger may write what he likes
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["77.75.153.1"], "77.75.153.1"),
        ("127.0.0.1", ["77.75.153.1, 203.0.113.9"], "203.0.113.9"),  # the left part came with the request
        ("127.0.0.1", ["77.75.153.1", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["77.75.153.1, 10.1.2.3"], "77.75.153.1"),  # two proxies
        ("127.0.0.1", ["77.75.153.1:52000, 10.1.2.3:443"], "77.75.153.1"),
        ("127.0.0.1", ["77.75.153.1, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["10.1.2.3"], "10.1.2.3"),
        ("::ffff:127.0.0.1", ["77.75.153.1"], "77.75.153.1"),
        ("::ffff:77.75.153.1", [], "77.75.153.1"),
        ("fd00::1", ["2a02:5180::7"], "2a02:5180::7"),
        ("127.0.0.1", ["nonsense"], None),
        ("127.0.0.1", ["77.75.153.1, nonsense"], None),
        ("127.0.0.1", [""], None),
        ("127.0.0.1", [", 77.75.153.1,"], None),
        (None, ["77.75.153.1"], None),
        ("unix:", [], None),
        ("127.0.0.1", ["77.75.153.1, " + "10.0.0.1, " * 5000 + "10.0.0.1"], "10.0.0.1"),  # not read without end
    ],
)
def test_the_caller(peer: str | None, forwarded: list[str], seen: str | None) -> None:
    assert found(peer, *((XFF, line) for line in forwarded)).address == address(seen)


@pytest.mark.parametrize(
    ("hop", "seen"),
    [
        ("185.71.76.5:41822", "185.71.76.5"),
        ("[2a02:5180::1]:443", "2a02:5180::1"),
        ("[2a02:5180::1]", "2a02:5180::1"),
        ("2a02:5180::1", "2a02:5180::1"),
        (" 185.71.76.5 ", "185.71.76.5"),
        ("[::ffff:185.71.76.5]:1", "185.71.76.5"),
        ("185.71.76.5:", None),
        ("185.71.76.5:http", None),
        ("185.71.76.5:123456", None),
        ("185.71.76.5:\u0661", None),
        ("[185.71.76.5", None),
        ("[]", None),
        ("185.71.76", None),
        ("185.71.076.5", None),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
    ],
)
def test_a_hop(hop: str, seen: str | None) -> None:
    assert parse_hop(hop) == address(seen)


@pytest.mark.parametrize(
    ("line", "hops"),
    [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60"]),
        ('For="[2001:db8:cafe::17]:4711"', ["[2001:db8:cafe::17]:4711"]),
        ("for=192.0.2.43, for=198.51.100.17", ["192.0.2.43", "198.51.100.17"]),
        ('for="192.0.2.43:80" , FOR=unknown,for="_gazonk"', ["192.0.2.43:80", "unknown", "_gazonk"]),
        ('by="a, for=1.1.1.1; x";for=192.0.2.43', ["192.0.2.43"]),
        ('for="\\1.2.3.4"', ["1.2.3.4"]),
        ("proto=https", [None]),
        ("for=1.1.1.1;for=2.2.2.2", [None]),
        ("for=1.1.1.1, proto=https", ["1.1.1.1", None]),
        ('for=1.1.1.1, by="', [None]),
        ("for=1.1.1.1,", [None]),
        ("for = 1.1.1.1", [None]),
        ("1.1.1.1", [None]),
        ("", [None]),
    ],
)
def test_forwarded(line: str, hops: list[str | None]) -> None:
    assert read_forwarded([line]) == hops


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ([(REAL, YOOKASSA)], YOOKASSA),
        ([(REAL, f"{YOOKASSA}:5000")], YOOKASSA),
        ([(FORWARDED, f"for={YOOKASSA}")], YOOKASSA),
        ([(FORWARDED, 'for="[2a02:5180::1]:443"')], "2a02:5180::1"),
        ([(XFF, YOOKASSA), (REAL, YOOKASSA), (FORWARDED, f"for={YOOKASSA}")], YOOKASSA),
        ([(XFF, f"{YOOKASSA}, 10.0.0.2"), (REAL, "10.0.0.2")], YOOKASSA),  # each proxy of two wrote both
        ([(XFF, f"{YOOKASSA}, 10.0.0.2"), (REAL, YOOKASSA)], YOOKASSA),  # the first of two wrote it
        ([(XFF, STRANGER), (REAL, YOOKASSA)], None),  # one of them came with the request
        ([(XFF, YOOKASSA), (REAL, STRANGER)], None),
        ([(XFF, STRANGER), (FORWARDED, f"for={YOOKASSA}")], None),
        ([(XFF, YOOKASSA), (FORWARDED, f"for={STRANGER}")], None),
        ([(XFF, f"{YOOKASSA}, {STRANGER}"), (REAL, YOOKASSA)], None),
        ([(REAL, YOOKASSA), (REAL, STRANGER)], None),
        ([(REAL, f"{YOOKASSA}, {STRANGER}")], None),
        ([(XFF, YOOKASSA), (FORWARDED, "for=unknown")], None),
        ([(FORWARDED, "for=_hidden")], None),
        ([("True-Client-IP", YOOKASSA), ("CF-Connecting-IP", YOOKASSA)], "127.0.0.1"),  # of these nobody is believed
    ],
)
def test_several_headers(headers: list[Header], seen: str | None) -> None:
    assert found("127.0.0.1", *headers).address == address(seen)


def test_what_the_log_says() -> None:
    assert "no X-Forwarded-For" in found("127.0.0.1").source
    assert found(STRANGER, (XFF, YOOKASSA)).source == "the connection"
    assert found("127.0.0.1", (XFF, STRANGER), (REAL, YOOKASSA)).source == (
        f"x-forwarded-for: '{STRANGER}'; x-real-ip: '{YOOKASSA}'"
    )
    long = found("127.0.0.1", (XFF, "\x1b[2J" * 500)).source
    assert len(long) < 600
    assert "\x1b" not in long


@pytest.mark.parametrize("name", [XFF, FORWARDED, REAL, "Via", "X-Forwarded-Proto", "CF-Connecting-IP"])
def test_a_proxy_on_this_machine_is_not_this_machine(name: str) -> None:
    assert found("127.0.0.1").direct
    assert not found("127.0.0.1", (name, "127.0.0.1")).direct


names = st.sampled_from([XFF, FORWARDED, REAL, "x-forwarded-for", "FORWARDED"])
values = st.one_of(
    st.sampled_from(
        [YOOKASSA, f"for={YOOKASSA}", f'for={YOOKASSA};by="', f'x="{YOOKASSA}', "10.0.0.1", "127.0.0.1", ","]
    ),
    st.text(st.characters(min_codepoint=9, max_codepoint=255), max_size=30),
    st.text('for="\\[];,=1.0:', max_size=20),
    st.ip_addresses().map(str),
)
sent = st.lists(st.tuples(names, values), max_size=5)


@given(headers=sent, peer=st.ip_addresses().filter(lambda ip: not is_in(ip, PROXIES)))
def test_a_stranger_cannot_be_somebody_else(headers: list[Header], peer: IPv4Address | IPv6Address) -> None:
    assert found(str(peer), *headers).address in (peer, getattr(peer, "ipv4_mapped", None))


def append(headers: Sequence[Header], name: str, value: str, *, join: bool) -> list[Header]:
    """As a proxy adds its word to what came: at the end of the last line, or in a line of its own."""
    told = [each for each in headers if each[0].lower() == name.lower()]
    if not (join and told):
        return [*headers, (name, value)]
    others = [each for each in headers if each is not told[-1]]
    return [*others, (told[-1][0], f"{told[-1][1]}, {value}")]


v6 = st.ip_addresses(v=6, network="2001:db8::/32")
strangers = st.one_of(st.ip_addresses(v=4, network="203.0.113.0/24"), v6)


@given(headers=sent, peer=strangers, port=st.sampled_from(["", ":443"]), join=st.booleans(), name=names)
def test_what_a_proxy_wrote_cannot_be_talked_over(
    headers: list[Header], peer: IPv4Address | IPv6Address, port: str, join: bool, name: str
) -> None:
    """Whatever the caller sent: the proxy's one header names him, or nothing does."""
    host = f"[{peer}]" if peer.version == 6 and (port or name.lower() == "forwarded") else str(peer)
    if name.lower() == "forwarded":
        forwarded = f'for="{host}{port}";proto=https' if port or peer.version == 6 else f"for={host}"
        told = append(headers, name, forwarded, join=join)
    elif name == REAL:
        told = [*(each for each in headers if each[0] != REAL), (REAL, f"{host}{port}")]  # it is set, never added to
    else:
        told = append(headers, name, f"{host}{port}", join=join)
    assert found("127.0.0.1", *told).address in (peer, None)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("77.75.153.0", True),
        ("77.75.153.127", True),
        ("77.75.153.128", False),
        ("77.75.154.127", False),
        ("77.75.154.128", True),
        ("77.75.156.11", True),
        ("77.75.156.12", False),
        ("77.75.156.35", True),
        ("185.71.76.31", True),
        ("185.71.76.32", False),
        ("185.71.77.5", True),
        ("2a02:5180:0:1509::1", True),
        ("2a02:5181::1", False),
        ("127.0.0.1", False),
    ],
)
def test_yookassas_networks(text: str, known: bool) -> None:
    assert is_in(ip_address(text), YOOKASSA_NETWORKS) is known
