"""What `kassandra doctor` reads from the account at CloudPayments."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.doctor.cloudpayments import KINDS, cloudpayments
from bot.doctor.findings import Finding, State
from bot.settings import CLOUDPAYMENTS_API, Settings, load_settings
from services.payments.providers.cloudpayments.client import CloudPaymentsClient
from tests.support.clock import START
from tests.support.cloudpayments import PUBLIC_ID, SECRET, AnsweringServer, answering, transaction

BASE = "https://bot.example.com/webhooks/cloudpayments"


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with answering() as server:
        for kind in KINDS:
            sends(server, kind)
        server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": [transaction("1")["Model"]]})
        yield server


def sends(server: AnsweringServer, kind: str, **more: object) -> None:
    model = {"IsEnabled": True, "Address": f"{BASE}/{kind}", "HttpMethod": "POST", "Format": "CloudPayments"} | more
    server.says(f"/site/notifications/{kind}/get", {"Success": True, "Message": None, "Model": model})


def settings_of(server: AnsweringServer, **more: Any) -> Settings:  # Any: settings of several types
    given = {
        "bot_token": "4242:" + "t" * 35,
        "public_url": "https://bot.example.com",
        "cloudpayments_public_id": PUBLIC_ID,
        "cloudpayments_api_secret": SECRET,
        "cloudpayments_api_url": server.url,
    }
    return load_settings(_env_file=None, **given | more)


async def looked(settings: Settings) -> list[Finding]:
    return await cloudpayments(settings, lambda: START)


async def test_an_account_as_it_should_be(server: AnsweringServer) -> None:
    site, notices = await looked(settings_of(server, cloudpayments_tax="vat:none taxation:1"))
    assert (site.state, notices.state) == (State.OK, State.OK)
    assert site.text == f"site {PUBLIC_ID}; receipts with vat:none taxation:1; e-mail addresses are asked for"
    assert notices.text == f"all six kinds come to {BASE}/…"


@pytest.mark.parametrize(
    ("kind", "told", "state", "words"),
    [
        ("check", {"IsEnabled": False}, State.FAILED, "Check is not switched on: a page"),
        ("pay", {"Address": f"{BASE}/check"}, State.WARNING, f"Pay goes to {BASE}/check"),
        ("fail", {"Address": None}, State.WARNING, "Fail goes to nowhere"),
        ("refund", {"HttpMethod": "GET"}, State.WARNING, "Refund comes by GET, not POST"),
        ("cancel", {"Format": "QIWI"}, State.WARNING, "Cancel comes in the format QIWI"),
    ],
)
async def test_what_is_missing(
    server: AnsweringServer, kind: str, told: dict[str, object], state: State, words: str
) -> None:
    sends(server, kind, **told)
    _, notice = await looked(settings_of(server))
    assert (notice.state, notice.text.startswith(words)) == (state, True)
    assert f"{BASE}/{kind}, POST, UTF-8, CloudPayments" in notice.fix


async def test_who_cannot_be_asked(server: AnsweringServer) -> None:
    assert await looked(settings_of(server, cloudpayments_public_id=None, cloudpayments_api_secret=None)) == []
    [_, closed] = await looked(settings_of(server, public_url=None))
    assert "PUBLIC_URL is not set" in closed.text
    [left_out, _] = await looked(settings_of(server, payment_methods="yookassa"))
    assert "PAYMENT_METHODS leaves cloudpayments out" in left_out.text
    for status, words in ((500, "does not answer"), (401, "does not take the site's id and secret")):
        server.says("/site/notifications/pay/get", status)
        [wrong] = await looked(settings_of(server))
        assert (wrong.state, words in wrong.text) == (State.FAILED, True)
        assert SECRET not in wrong.text + wrong.fix


async def test_a_site_in_test_mode(server: AnsweringServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one: before a sandbox every payment is a try."""
    client, place = CloudPaymentsClient, "services.payments.providers.cloudpayments.calls.CloudPaymentsClient"
    tries = [transaction("1")["Model"], transaction("2", TestMode=True)["Model"]]
    server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": tries})
    assert [each.name for each in await looked(settings_of(server))] == ["cloudpayments", "cloudpayments notifications"]
    monkeypatch.setattr(place, lambda **given: client(**given | {"api_url": server.url}))
    _, live, _ = await looked(settings_of(server, cloudpayments_api_url=CLOUDPAYMENTS_API))
    assert (live.name, live.state) == ("live", State.WARNING)


@pytest.mark.parametrize(
    "text", ["vat:none", "taxation:1", "vat:21 taxation:1", "vat:none taxation:6", "1", "vat:20 taxation:1 x"]
)
def test_taxes_that_are_none(server: AnsweringServer, text: str) -> None:
    with pytest.raises(Exception, match="CLOUDPAYMENTS_TAX is VAT and system of taxation"):
        settings_of(server, cloudpayments_tax=text)


def test_half_of_the_keys(server: AnsweringServer) -> None:
    with pytest.raises(Exception, match="go together"):
        settings_of(server, cloudpayments_api_secret=None)
    with pytest.raises(Exception, match="copy it anew from CloudPayments' cabinet") as error:
        settings_of(server, cloudpayments_api_secret="секрет")
    assert "секрет" not in str(error.value)
