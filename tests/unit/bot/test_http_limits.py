"""Who gets a place at the HTTP port."""

from ipaddress import ip_address, ip_network

import structlog

from bot.http.limits import SPARE, ConnectionSlots, Limits, RefusalLog

HERE = ip_address("127.0.0.1")
PROXY = ip_address("10.0.0.7")
LIMITS = Limits(near=3, far=5, per_address=2)


def slots() -> ConnectionSlots:
    return ConnectionSlots(LIMITS, (ip_network("10.0.0.0/8"),))


def test_one_stranger_has_few_places() -> None:
    them = slots()
    entered = [them.enter(ip_address("203.0.113.9")) for _ in range(3)]
    assert [bool(places) for places in entered] == [True, True, False]
    assert them.enter(ip_address("203.0.113.10"))
    them.leave(entered[0])
    assert them.enter(ip_address("203.0.113.9"))


def test_one_house_is_one_stranger() -> None:
    them = slots()
    places = [them.enter(ip_address(f"2001:db8:1:2::{number}")) for number in range(3)]
    assert [bool(each) for each in places] == [True, True, False]
    assert them.enter(ip_address("2001:db8:1:3::1"))


def test_strangers_take_no_place_of_those_who_are_near() -> None:
    them = slots()
    entered = [them.enter(ip_address(f"203.0.113.{number}")) for number in range(7)]
    assert sum(bool(places) for places in entered) == LIMITS.far
    assert them.enter(None) == ()  # nor does one without an address
    assert [bool(them.enter(address)) for address in (HERE, PROXY, HERE)] == [True, True, True]
    assert them.enter(PROXY) == ()
    assert them.enter(HERE) == (SPARE,)
    assert them.enter(HERE) == (SPARE,)


def test_places_are_given_back() -> None:
    them = slots()
    for _ in range(20):
        held = [them.enter(address) for address in (HERE, PROXY, HERE, HERE, ip_address("203.0.113.9"))]
        assert all(held)
        assert them.enter(PROXY) == ()
        them.leave(them.enter(HERE))  # a spare place
        for places in held:
            them.leave(places)


def test_a_flood_of_callers_is_no_flood_of_lines() -> None:
    tally = RefusalLog()
    with structlog.testing.capture_logs() as lines:
        for tenths in range(900):  # a minute and a half
            tally.add("full", "203.0.113.9")
            tally.tell(tenths / 10)
        tally.tell(130.0)
    assert [line["full"] for line in lines] == [1, 600, 299]
