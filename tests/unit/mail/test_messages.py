"""Letters as mailboxes get them."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n.text import cut_plain
from i18n.translator import Catalogues, Html, Translator
from mail.account_letters import presenters
from mail.delivery import Post
from mail.messages import LONGEST_SUBJECT, Envelope, Link, Words, compose, plain
from mail.server import MailSender
from services.notifications.kinds.letters import (
    LETTERS,
    AccountDeleted,
    AddressChanged,
    AlreadyRegistered,
    ConfirmAddress,
    ConfirmLink,
    ConfirmSignUp,
    LinkLetter,
    NewSignIn,
    PasswordChanged,
    ResetPassword,
)
from services.notifications.kinds.news import News
from services.notifications.letter import Letter
from tests.support.clock import START

TOKEN = "t" * 43
WORDS = "Лавка с деньгами «нужна» Style, “Ночь” — 300 ₽ ok (и)".split()  # noqa: SIM905 - one sentence
POST = Post(sender=MailSender(address="shop@example.com", name="Лавка «Дельфы»"), site="https://shop.example.com")
TOLD: list[News] = [
    *(kind(token_id=7) for kind in (ConfirmSignUp, AlreadyRegistered, ResetPassword, ConfirmAddress, ConfirmLink)),
    PasswordChanged(at=START),
    PasswordChanged(at=START, keys=2),
    AddressChanged(address="new@example.com", confirmed=True),
    AddressChanged(address="new@example.com", confirmed=False),
    NewSignIn(at=START, agent="Firefox on <b>Linux</b>", place="192.0.2.1"),
    AccountDeleted(at=START),
]


async def token_for(token_id: int, *, address: str) -> str | None:
    return TOKEN if address == "vera@example.com" else None


def letter(news: News, address: str = "vera@example.com") -> Letter:
    return Letter(
        id=1,
        kind=news.kind,
        payload=news.dump(),
        attempts=1,
        lease=START,
        since=START,
        user_id=None,
        address=address,
        language="ru",
        key=news.key,
        own=True,
        refused=False,
    )


async def worded(news: News, tr: Translator) -> Words:
    words = await presenters(POST, token_for)[news.kind](letter(news), tr)
    assert words is not None
    return words


def arrived(words: Words, tr: Translator, *, recipient: str = "vera@example.com") -> EmailMessage:
    """Over the wire, as a mailbox reads it."""
    envelope = Envelope(sender=POST.sender, recipient=recipient, message_id="abc@example.com", at=START)
    return message_from_bytes(compose(words, envelope, tr, site=POST.site), policy=policy.default)


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), html.get_content()


class Page(HTMLParser):
    """What an HTML part fetches, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.places += [value or "" for name, value in attrs if name in ("href", "src", "background", "srcset")]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("news", TOLD, ids=lambda news: f"{news.kind}-{getattr(news, 'confirmed', '')}")
async def test_every_letter_about_ways_in(news: News, language: str) -> None:
    tr = Catalogues()[language]
    words = await worded(news, tr)
    message = arrived(words, tr)
    text, html = parts(message)
    page = Page(html)
    assert message["subject"] == words.subject
    assert not re.search(r"[{}]", text)
    assert "<p" not in text
    assert "&" not in text.replace("&lt;", "")
    assert not {"img", "script", "link", "iframe"} & set(page.tags)
    assert all(place.startswith("https://shop.example.com") for place in page.places)
    if isinstance(news, LinkLetter):
        link = f"https://shop.example.com{news.page}?token={TOKEN}"
        assert link in text.splitlines()
        assert page.places.count(link) == 2  # the button, and the address to copy
    cyrillic = re.search("[а-я]{4}", text.replace(POST.sender.name, "")) is not None
    assert cyrillic is (language == "ru")


def test_every_kind_is_worded() -> None:
    assert presenters(POST, token_for).keys() == LETTERS.keys()
    assert {news.kind for news in TOLD} == LETTERS.keys()


async def test_a_letter_that_is_out_of_date_is_not_written() -> None:
    news = ResetPassword(token_id=7)
    other = letter(news, address="boris@example.com")
    assert await presenters(POST, token_for)[news.kind](other, Catalogues()["ru"]) is None


async def test_headers() -> None:
    message = arrived(await worded(ConfirmSignUp(token_id=7), Catalogues()["ru"]), Catalogues()["ru"])
    assert message["from"].addresses[0].display_name == "Лавка «Дельфы»"
    assert message["from"].addresses[0].addr_spec == "shop@example.com"
    assert message["reply-to"] == message["from"]
    assert message["message-id"] == "<abc@example.com>"
    assert message["date"].datetime == START
    assert (message["auto-submitted"], message["content-language"]) == ("auto-generated", "ru")


def test_nothing_that_is_told_becomes_a_header_or_a_tag() -> None:
    tr = Catalogues()["en"]
    words = Words(
        subject="Wine\r\nBcc: boris@example.com\n\n<b>ha</b>\u2028\x00",
        paragraphs=(tr.html("For {who}", who="<script>alert(1)</script> & co"),),
        link=Link(label="Open & see", url='https://shop.example.com/?a="><script>'),
    )
    message = arrived(words, tr)
    assert message["bcc"] is None
    assert message["subject"] == "Wine Bcc: boris@example.com <b>ha</b>"
    text, html = parts(message)
    assert "For <script>alert(1)</script> & co" in text
    assert "script" not in Page(html).tags


async def test_a_new_password_tells_of_keys_that_are_still_valid() -> None:
    tr = Catalogues()["ru"]
    told = [parts(arrived(await worded(PasswordChanged(at=START, keys=n), tr), tr))[0] for n in (0, 3)]
    assert ["/keys" in each for each in told] == [False, True]
    assert "3 ключа API" in told[1].replace("\xa0", " ")


@pytest.mark.parametrize(
    "address", ["vera@example.com\r\nBcc: boris@example.com", "vera", "vera@example.com>, <boris@x.y"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        arrived(Words(subject="s", paragraphs=()), Catalogues()["en"], recipient=address)


@given(st.lists(st.sampled_from(WORDS), min_size=1))
def test_long_headers_lose_no_space(words: list[str]) -> None:
    """Python's own parser reads names of several encoded words wrongly, so the older one reads them here."""
    text = " ".join(words)
    envelope = Envelope(
        sender=MailSender(address="shop@example.com", name=text[:64].strip()),
        recipient="vera@example.com",
        message_id="abc@example.com",
        at=START,
    )
    raw = compose(Words(subject=text, paragraphs=()), envelope, Catalogues()["ru"], site=POST.site)
    assert raw.isascii()
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    headers = message_from_bytes(raw, policy=policy.compat32)
    assert str(make_header(decode_header(headers["subject"]))) == cut_plain(text, LONGEST_SUBJECT)
    shown = str(make_header(decode_header(headers["from"])))
    assert shown.replace('"', "") == f"{envelope.sender.name} <shop@example.com>"


def test_plain_text_keeps_lines_and_loses_tags() -> None:
    assert plain(Html("✅ Paid: <b>350&nbsp;₽</b>\n1 &lt; 2 &amp; 3")) == "✅ Paid: 350\u00a0₽\n1 < 2 & 3"
