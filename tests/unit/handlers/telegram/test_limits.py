"""Texts within Telegram's limits."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.telegram.limits import cut, length
from i18n.text import cut_plain


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


pieces = st.sampled_from(
    ["<b>жирный</b>", "<i>a<u>b</u></i>", "&amp;", "&lt;", "слово ", "😀", '<a href="x">y</a>', "\n"]
)


@given(st.lists(pieces, max_size=40).map("".join), st.integers(1, 60))
def test_whatever_is_cut_is_whole(html: str, limit: int) -> None:
    short = cut(html, limit)
    parser = _Balanced()
    parser.feed(short)
    parser.close()
    assert not parser.open
    assert length(short) <= limit
    assert "&" not in short.replace("&amp;", "").replace("&lt;", "")
    if length(html) <= limit:
        assert short == html


@pytest.mark.parametrize(("html", "units"), [("<b>ab</b>", 2), ("&amp;", 1), ("😀", 2), ("a &lt; b", 5), ("", 0)])
def test_length_as_telegram_counts(html: str, units: int) -> None:
    assert length(html) == units


def test_plain() -> None:
    assert cut_plain(" много\nслов  здесь ", 11) == "много слов…"
