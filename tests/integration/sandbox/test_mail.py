"""The mailbox: letters are taken as they come, or as a mail server takes them on a bad day."""

import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest
from yarl import URL

from sandbox.client.mailbox import Mailbox
from sandbox.client.sandbox import Sandbox, SandboxError
from sandbox.clock import Clock
from sandbox.mail import mailbox as kept
from sandbox.testing import new_world
from tests.integration.sandbox.conftest import until

LINK = "http://localhost:8000/confirm#token=a-b"


@pytest.fixture
async def mailbox(sandbox: Sandbox) -> Mailbox:
    return await sandbox.mailbox()


def letter(to: str, subject: str = "Подтвердите адрес") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Kassandra <shop@example.com>", to, subject
    message.set_content(f"Здравствуйте!\n\n{LINK}\n")
    message.add_alternative(f'<html><head></head><p>Привет</p><a href="{LINK}&amp;x=1">да</a></html>', subtype="html")
    return message


async def send(mailbox: Mailbox, message: EmailMessage) -> None:
    url = URL(mailbox.url)
    await aiosmtplib.send(message, hostname=url.host, port=url.port, username=url.user, password=url.password)


async def test_a_letter_is_read_in_both_parts(mailbox: Mailbox, sandbox: Sandbox) -> None:
    await send(mailbox, letter("anna@example.com"))
    found = await mailbox.letter("Anna@example.com", subject="адрес")
    assert (found.sender, found.to, found.subject) == ("shop@example.com", ["anna@example.com"], "Подтвердите адрес")
    assert found.text is not None
    assert found.text.startswith("Здравствуйте!")
    assert found.html is not None
    assert "<p>Привет</p>" in found.html
    assert found.links == [LINK, f"{LINK}&x=1"]
    assert found.link("x=1") == f"{LINK}&x=1"
    assert found.header("from") == "Kassandra <shop@example.com>"
    path = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}/mail/letters/{found.n}"
    async with sandbox.http.get(f"{path}/html") as page:
        assert '<head><base target="_blank">' in await page.text()
        assert page.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    async with sandbox.http.get(f"{path}/raw") as raw:
        assert (await raw.text()).startswith("From: Kassandra")


async def test_newer_letters_come_first_and_each_is_had_once(mailbox: Mailbox, sandbox: Sandbox) -> None:
    for subject in ("one", "two", "three"):
        await send(mailbox, letter("anna@example.com", subject))
    assert [each.subject for each in await mailbox.letters()] == ["three", "two", "one"]
    assert (await mailbox.letter(subject="two")).subject == "two"
    assert (await mailbox.letter()).subject == "three"
    await sandbox.call("DELETE", "/mail/letters")
    assert await mailbox.letters() == []
    with pytest.raises(SandboxError, match="no letter 1"):
        await sandbox.call("GET", "/mail/letters/1")


async def test_each_world_has_its_own_box_and_strangers_the_pages(mailbox: Mailbox, sandbox: Sandbox) -> None:
    async with new_world(sandbox.base_url) as other:
        await send(await other.mailbox(), letter("boris@example.com"))
        assert await mailbox.letters() == []
    url = URL(mailbox.url)
    await aiosmtplib.send(letter("carl@example.com"), hostname=url.host, port=url.port)
    page = Sandbox(sandbox.base_url, 1000001)
    async with page:
        found = await (await page.mailbox()).letter("carl@example.com")
    assert found.to == ["carl@example.com"]
    assert await mailbox.letters() == []


async def test_a_letter_is_refused_or_put_off(mailbox: Mailbox) -> None:
    await mailbox.fault("refuse")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(mailbox, letter("anna@example.com"))
    assert [each.code for each in refused.value.recipients] == [550]
    await mailbox.fault("later", times=0)
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await send(mailbox, letter("anna@example.com"))
        assert [each.code for each in refused.value.recipients] == [451]
    await mailbox.clear_faults()
    await send(mailbox, letter("anna@example.com"))
    assert len(await mailbox.letters()) == 1


async def test_one_address_is_refused_and_others_are_not(mailbox: Mailbox) -> None:
    await mailbox.fault("refuse", times=0, to="Nobody@example.com")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(mailbox, letter("nobody@example.com"))
    await send(mailbox, letter("anna@example.com"))
    assert [each.to for each in await mailbox.letters()] == [["anna@example.com"]]


async def test_the_connection_is_dropped_before_or_after(mailbox: Mailbox) -> None:
    await mailbox.fault("drop")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(mailbox, letter("anna@example.com"))
    assert await mailbox.letters() == []
    await mailbox.fault("drop_after")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(mailbox, letter("anna@example.com"))
    assert len(await mailbox.letters()) == 1


async def test_silence_ends_when_its_time_is_over(mailbox: Mailbox, sandbox: Sandbox) -> None:
    await mailbox.fault("hang", seconds=600)
    sending = asyncio.gather(send(mailbox, letter("anna@example.com")), return_exceptions=True)

    async def met() -> bool:
        return not (await sandbox.call("GET", "/mail"))["faults"]

    await until(met)
    await sandbox.advance(601)
    assert isinstance((await sending)[0], aiosmtplib.SMTPServerDisconnected)
    assert await mailbox.letters() == []


def test_the_box_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_LETTERS", 2)
    box = kept.Mailbox(Clock())
    for n in range(3):
        box.put(f"Subject: {n}\r\n\r\nx".encode(), sender="a", to=("b",), login=None)
    assert [each.subject for each in box.newest()] == ["2", "1"]
    monkeypatch.setattr(kept, "KEPT_BYTES", 30)
    box.put(b"Subject: big\r\n\r\n12345678", sender="a", to=("b",), login=None)
    assert [each.subject for each in box.newest()] == ["big"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Subject: =?utf-8?b?!!!?=\r\nFrom: <<>>\r\nTo: ,;@\r\nDate: never\r\nMessage-ID: <[\r\n\r\nx",
    ],
)
def test_letters_that_are_none_are_kept(raw: bytes) -> None:
    box = kept.Mailbox(Clock())
    assert box.put(raw, sender="", to=("b",), login=None).view()["n"] == 1
