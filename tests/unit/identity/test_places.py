"""Whose tries are counted together, and what devices are called."""

import pytest

from i18n.devices import device_name
from i18n.translator import Catalogues
from services.identity.throttles import network_of


@pytest.mark.parametrize(
    ("place", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2::", "2001:0db8:0001:0002::/64"),
        ("fe80::1%eth0", "fe80:0000:0000:0000::/64"),
        ("", "unknown"),
        ("a unix socket", "unknown"),
    ],
)
def test_networks(place: str, network: str) -> None:
    assert network_of(place) == network


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 YaBrowser/26.1 Safari/537.36", "Яндекс Браузер, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) Version/26.1 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Telegram-Android/12.1", "Telegram, Android"),
        ("okhttp/5.1", "okhttp/5.1"),
        ("<b>" + "x" * 300, "<b>" + "x" * 37),
        ("\u202edlrow", "dlrow"),
        ("", "Неизвестное устройство"),
        (" ", "Неизвестное устройство"),
    ],
)
def test_devices(agent: str, name: str) -> None:
    assert device_name(agent, Catalogues()["ru"]) == name
