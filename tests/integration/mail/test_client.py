"""A letter is handed to a mail server, which may be anything but kind."""

from email.message import EmailMessage

import pytest

from mail.client import MailClient
from mail.refusals import LetterPostponed, LetterRefused, MailAway
from mail.server import SmtpServer
from tests.support.certificates import CERTIFICATE, server_side
from tests.support.ports import free_port
from tests.support.smtp import PASSWORD, USER, mail_server


def letter(text: str = "Hello") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", "vera@example.com", "Привет"
    message.set_content(text)
    return message.as_bytes()


def client(server: SmtpServer, *, seconds: float = 5.0) -> MailClient:
    return MailClient(server, name="example.com", connect_seconds=seconds, send_seconds=seconds)


async def send(to: MailClient, recipient: str = "vera@example.com") -> None:
    await to.send(letter(), sender="shop@example.com", recipient=recipient)


async def test_one_connection_serves_many_letters() -> None:
    async with mail_server() as server:
        post = client(server.named())
        for name in ("anna", "boris", "vera"):
            await send(post, f"{name}@example.com")
        await post.close()
        assert server.recipients == ["anna@example.com", "boris@example.com", "vera@example.com"]
        assert (server.connections, server.letters[0]["subject"]) == (1, "Привет")


async def test_a_connection_that_ended_meanwhile_is_made_anew() -> None:
    async with mail_server() as server:
        post = client(server.named())
        await send(post)
        server.cut_all()
        await send(post)
        await post.close()
        assert (server.connections, len(server.letters)) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "nobody"),
    [
        ("550 5.1.1 There is no such mailbox", True),
        ("550 User unknown", True),
        ("550 5.2.1 This mailbox is disabled", True),
        ("550 5.7.1 Refused by our rules", False),
        ("552 5.2.2 The mailbox is full", False),
        ("554 Not wanted", False),
    ],
)
async def test_a_recipient_is_refused_for_good(answer: str, nobody: bool) -> None:
    async with mail_server() as server:
        server.on_recipient = [answer]
        post = client(server.named())
        with pytest.raises(LetterRefused) as refused:
            await send(post)
        assert (str(refused.value), refused.value.nobody) == (answer, nobody)
        await send(post, "boris@example.com")
        await post.close()
        assert (server.connections, len(server.letters)) == (1, 1)


async def test_a_letter_is_refused_and_its_recipient_is_not() -> None:
    async with mail_server() as server:
        server.on_letter = ["554 5.7.1 This looks like spam"]
        post = client(server.named())
        with pytest.raises(LetterRefused) as refused:
            await send(post)
        assert not refused.value.nobody
        await post.close()


async def test_later() -> None:
    async with mail_server() as server:
        server.on_recipient = ["451 4.7.1 Greylisted", "452 4.2.2 Full"]
        server.on_letter = ["421 Going down"]
        post = client(server.named())
        for words in ("451", "452", "421"):
            with pytest.raises(LetterPostponed, match=words) as postponed:
                await send(post)
            assert postponed.value.answered
        await send(post)
        await post.close()
        assert len(server.letters) == 1


@pytest.mark.parametrize(("answer", "words"), [("", "did not answer in time"), (None, "ended the connection")])
@pytest.mark.parametrize("step", ["on_sender", "on_recipient", "on_letter"])
async def test_silence_and_a_cut_connection(step: str, answer: str | None, words: str) -> None:
    async with mail_server() as server:
        setattr(server, step, [answer])
        post = client(server.named(), seconds=0.5)
        with pytest.raises(LetterPostponed, match=words) as postponed:
            await send(post)
        assert not postponed.value.answered
        await send(post)
        await post.close()
        assert len(server.letters) == 1


async def test_a_sender_that_is_not_ours_is_no_fault_of_the_letter() -> None:
    async with mail_server() as server:
        server.on_sender = ["553 5.7.1 You may not write as shop@example.com"]
        with pytest.raises(MailAway, match="does not take MAIL_FROM: 553"):
            await send(client(server.named()))


async def test_nobody_listens() -> None:
    server = SmtpServer(host="127.0.0.1", port=free_port(), tls=False)
    with pytest.raises(MailAway, match=r"smtp://127\.0\.0\.1"):
        await send(client(server))


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.mark.usefixtures("trusted")
async def test_tls_from_the_first_byte_on() -> None:
    async with mail_server(tls=server_side()) as server:
        post = client(server.named(tls=True))
        await send(post)
        await post.close()
        assert len(server.letters) == 1


@pytest.mark.usefixtures("trusted")
async def test_starttls_before_the_password() -> None:
    async with mail_server(starttls=server_side(), auth=True) as server:
        post = client(server.named(user=USER, password=PASSWORD))
        await send(post)
        await post.close()
        assert (server.logins, len(server.letters)) == ([USER], 1)


async def test_a_certificate_that_nobody_signed() -> None:
    async with mail_server(tls=server_side()) as server:
        with pytest.raises(MailAway, match="certificate"):
            await send(client(server.named(tls=True)))


async def test_a_password_goes_to_another_machine_by_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads here is another machine's all the same."""
    async with mail_server(auth=True) as server:
        monkeypatch.setattr(SmtpServer, "is_local", False)
        with pytest.raises(MailAway, match="STARTTLS"):
            await send(client(server.named(user=USER, password=PASSWORD)))
        assert server.logins == []


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password() -> None:
    async with mail_server(starttls=server_side(), auth=True) as server:
        with pytest.raises(MailAway, match="does not take user and password: 535") as away:
            await send(client(server.named(user=USER, password="wrong-password")))
        assert away.value.login
        assert "wrong-password" not in str(away.value)
