"""Whatever a model writes is shown as text: no tag, address or style of its own reaches a page."""

import re

import pytest

from web.kit.markdown import safe_html

KNOWN = {
    "p",
    "strong",
    "em",
    "a",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "hr",
    "br",
    "s",
}
TABLES = {"div", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <b onclick=alert(1)>b</b> <!-- c -->",
        "[x](javascript:alert(1)) [y](vbscript:x) [z](data:text/html,<b>)",
        "[x](JaVaScRiPt&colon;alert(1)) <javascript:alert(1)>",
        "![p](https://evil.example/track.png)",
        '[a](https://b.example "onmouseover=alert(1)")',
        "| a |\n|--:|\n| <img src=x onerror=alert(1)> |",
        "```html\n<script>alert(1)</script>\n```",
        '```" onload="alert(1)\nx\n```',
        "[q]: javascript:alert(1)\n\n[q]",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_nothing_of_it_acts(text: str) -> None:
    html = str(safe_html(text))
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= KNOWN | TABLES
    assert set(re.findall(r'<[^>]*\s([a-z]+)="', html)) <= {
        "href",
        "rel",
        "target",
        "class",
        "title",
        "tabindex",
        "start",
    }
    assert re.findall(r'href="(?!https?://|mailto:)', html) == []


def test_formatting_is_shown() -> None:
    html = str(safe_html("# A\n**b** *c* ~~d~~ `e`\n\n- f\n\n> g\n\n| h |\n|--:|\n| 1 |"))
    assert "<h3>A</h3>" in html
    for piece in (
        "<strong>b</strong>",
        "<em>c</em>",
        "<s>d</s>",
        "<code>e</code>",
        "<li>f</li>",
        '<td class="right">1',
    ):
        assert piece in html
    link = str(safe_html("[x](https://a.example/?b=1&c=2)"))
    assert 'href="https://a.example/?b=1&amp;c=2" rel="noopener noreferrer nofollow" target="_blank"' in link


@pytest.mark.parametrize("piece", ["*a ", "[", ">", "- ", "![[", "<", "a_", "[a](", "|a", "`"])
def test_a_hostile_text_ends(piece: str) -> None:
    assert safe_html(piece * 2_000)
