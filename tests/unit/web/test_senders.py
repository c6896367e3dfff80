"""Whose request it is, whatever it says of itself."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.senders import is_in, seen_address
from web.yookassa import YOOKASSA_NETWORKS

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


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
        ("127.0.0.1", ["77.75.153.1, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["10.1.2.3"], "10.1.2.3"),
        ("::ffff:127.0.0.1", ["77.75.153.1"], "77.75.153.1"),
        ("::ffff:77.75.153.1", [], "77.75.153.1"),
        ("fd00::1", ["2a02:5180::7"], "2a02:5180::7"),
        ("127.0.0.1", ["nonsense"], None),
        ("127.0.0.1", ["77.75.153.1, nonsense"], None),
        ("127.0.0.1", [""], None),
        ("127.0.0.1", [", 77.75.153.1,"], None),
        ("127.0.0.1", ["77.75.153.1:443"], None),
        (None, ["77.75.153.1"], None),
        ("unix:", [], None),
        ("127.0.0.1", ["77.75.153.1, " + "10.0.0.1, " * 5000 + "10.0.0.1"], "10.0.0.1"),  # not read without end
    ],
)
def test_the_caller(peer: str | None, forwarded: list[str], seen: str | None) -> None:
    address = seen_address(peer, forwarded, PROXIES)
    assert address == (None if seen is None else ip_address(seen))


@given(forwarded=st.lists(st.text(max_size=40), max_size=4), peer=st.ip_addresses())
def test_a_stranger_cannot_be_somebody_else(forwarded: list[str], peer: object) -> None:
    seen = seen_address(str(peer), forwarded, ())
    assert seen in (peer, getattr(peer, "ipv4_mapped", None))


@pytest.mark.parametrize(
    ("address", "known"),
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
def test_yookassas_networks(address: str, known: bool) -> None:
    assert is_in(ip_address(address), YOOKASSA_NETWORKS) is known
