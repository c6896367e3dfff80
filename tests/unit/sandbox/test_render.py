"""Entities to HTML for the page: right in place, and never a way in for a script."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.telegram.text.formatted import formatted
from sandbox.telegram.text.render import to_html
from sandbox.telegram.text.utf16 import utf16_len

KINDS = [
    *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote"),
    *("text_link", "url", "email", "bot_command", "mention", "hashtag", "text_mention", "custom_emoji", "invented"),
]
NASTY = ["<script>alert(1)</script>", '" onmouseover="x', "javascript:alert(1)", "&lt;", "😀", "</a>", "'", "\n"]
ADDRESSES = ["javascript:alert(1)", 'https://a.example/?q="><script>', "data:text/html,x", "tg://user?id=1", "//x", "["]


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a &lt; b &amp; c", "a &lt; b &amp; c"),
        ("<b>a<i>b</i></b>c", "<b>a<i>b</i></b>c"),
        ("😀<b>😀</b>😀", "😀<b>😀</b>😀"),
        (
            '<a href="https://a.example/?x=1&amp;y=2">a</a>',
            '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer nofollow">a</a>',
        ),
        ('<pre><code class="language-c">x</code></pre>', '<pre><code class="language-c">x</code></pre>'),
        ("<tg-spoiler>x</tg-spoiler>", '<span class="spoiler">x</span>'),
        ("line\nline", "line\nline"),
    ],
)
def test_what_the_page_shows(source: str, html: str) -> None:
    text = formatted(source, parse_mode="HTML")
    assert to_html(text.text, text.entities) == html


def test_overlapping_entities_nest_properly() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 2, "length": 3}]
    assert to_html("abcde", entities) == "<b>ab<i>c</i></b>de"


class _Watcher(HTMLParser):
    ALLOWED = frozenset({"b", "i", "u", "s", "code", "pre", "blockquote", "span", "a"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED
        assert {name for name, _ in attrs} <= {"class", "href", "target", "rel"}
        href = dict(attrs).get("href")
        assert href is None or re.match(r"(https?|tg|mailto):", href)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_text_and_no_entities_make_unsafe_or_unbalanced_html(data: st.DataObject) -> None:
    parts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec="utf-8", exclude_characters="\r\0")))
    text = "".join(data.draw(st.lists(parts, max_size=6)))
    edge = st.integers(-2, utf16_len(text) + 2)
    entities = data.draw(
        st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(KINDS), "offset": edge, "length": edge},
                optional={"url": st.sampled_from(ADDRESSES), "language": st.sampled_from(NASTY)},
            ),
            max_size=6,
        )
    )
    watcher = _Watcher()
    watcher.feed(to_html(text, entities))
    watcher.close()
    assert watcher.open == []
    if "😀" not in text and all(ord(char) < 0x10000 for char in text):
        assert "".join(watcher.text) == text
