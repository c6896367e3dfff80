"""`parse_mode=HTML` as Telegram reads it."""

import pytest

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.text.formatted import formatted
from sandbox.telegram.text.html_mode import ParseError, parse_html


def entity(kind: str, offset: int, length: int, **more: object) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b><i>b</i>", "ab", [entity("bold", 0, 1), entity("italic", 1, 1)]),
        ("<strong>a</strong><em>b</em><ins>c</ins><del>d</del>", "abcd", None),
        ("<b>a<i>b</i>c</b>", "abc", [entity("bold", 0, 3), entity("italic", 1, 1)]),
        ("<B>a</b>", "a", [entity("bold", 0, 1)]),
        ("<b>a</ b >", None, None),
        ("<b></b>x", "x", []),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;&#33;&#x21;", '1 < 2 && 3 > 2 "!!', []),
        ("&nbsp; &copy; & &#0;", "&nbsp; &copy; & &#0;", []),
        ("&ltx", "&ltx", []),
        ("&lt", "<", []),
        ("😀<b>😀</b>", "😀😀", [entity("bold", 2, 2)]),
        ("<tg-spoiler>s</tg-spoiler>", "s", [entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">s</span>', "s", [entity("spoiler", 0, 1)]),
        ('<a href="https://a.example/?a=1&amp;b=2">x</a>', "x", [
            entity("text_link", 0, 1, url="https://a.example/?a=1&b=2")
        ]),
        ("<a href='https://a.example'>x</a>", "x", [entity("text_link", 0, 1, url="https://a.example/")]),
        ("<a>a.example/x</a>", "a.example/x", [entity("text_link", 0, 11, url="http://a.example/x")]),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ('<a href="tg://user?id=7">x</a>', "x", [entity("text_mention", 0, 1, user={"id": 7})]),
        ('<pre><code class="language-python">x</code></pre>', "x", [entity("pre", 0, 1, language="python")]),
        ('<code class="language-python">x</code>', "x", [entity("code", 0, 1)]),
        ("<pre>x</pre>", "x", [entity("pre", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [entity("expandable_blockquote", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [entity("blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', "👍", [
            entity("custom_emoji", 0, 2, custom_emoji_id="5368324170671202286")
        ]),
    ],
)  # fmt: skip
def test_markup_becomes_entities(source: str, text: str | None, entities: list[dict[str, object]] | None) -> None:
    if text is None:
        with pytest.raises(ParseError):
            parse_html(source)
        return
    found_text, found = parse_html(source)
    assert found_text == text
    if entities is not None:
        assert found == entities


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("я <b>x</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("риск < 5 %", 'Unsupported start tag "" at byte offset 9'),
        ("a <", "Unclosed start tag at byte offset 2"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a%b>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ('<tg-emoji emoji-id="x">👍</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_malformed_markup_is_refused_in_telegrams_words(source: str, complaint: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse_html(source)
    assert str(refused.value) == complaint


def test_the_bot_is_told_of_entities_it_got_wrong() -> None:
    with pytest.raises(BadRequest) as refused:
        formatted("<b>", parse_mode="HTML")
    assert refused.value.description == (
        "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
    )
    with pytest.raises(BadRequest, match="unsupported parse_mode"):
        formatted("x", parse_mode="BBCode")


def test_spaces_around_a_text_are_cut_and_entities_move_along() -> None:
    result = formatted("\n  <b> a</b> \n", parse_mode="HTML")
    assert result.text == "a"
    assert result.entities == [entity("bold", 0, 1)]


def test_code_holds_no_other_entities() -> None:
    result = formatted("<code><b>a</b> /start</code> /help", parse_mode="html")
    assert result.entities == [entity("code", 0, 8), entity("bot_command", 9, 5)]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("/start now", ["bot_command"]),
        ("see /help@kassandra_bot", ["bot_command"]),
        ("and/or 1/2", []),
        ("https://a.example/x?y=1.", ["url"]),
        ("mail me@a.example", ["email"]),
        ("ask @durov #wine", ["mention", "hashtag"]),
        ("цена 10.00 и 3.14", []),
        ("sber.ru", ["url"]),
    ],
)
def test_links_and_commands_are_found_by_themselves(text: str, kinds: list[str]) -> None:
    assert [each["type"] for each in formatted(text).entities] == kinds


def test_offsets_of_found_commands_count_utf16() -> None:
    assert formatted("😀 /start").entities == [{"offset": 3, "length": 6, "type": "bot_command"}]


def test_given_entities_must_lie_within_the_text() -> None:
    given = [entity("bold", 0, 2)]
    assert formatted("😀", entities=given).entities == given
    with pytest.raises(BadRequest):
        formatted("a", entities=given)
