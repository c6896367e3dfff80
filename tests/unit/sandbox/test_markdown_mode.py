"""`parse_mode=MarkdownV2` as Telegram reads it."""

import pytest

from sandbox.telegram.text.html_mode import ParseError
from sandbox.telegram.text.markdown_mode import parse_markdown


def entity(kind: str, offset: int, length: int, **more: object) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain, text", "plain, text", []),
        (r"10\.00 \- ok\!", "10.00 - ok!", []),
        ("*a* _b_ __c__ ~d~ ||e||", "a b c d e", [
            entity("bold", 0, 1), entity("italic", 2, 1), entity("underline", 4, 1),
            entity("strikethrough", 6, 1), entity("spoiler", 8, 1),
        ]),
        ("*a _b_ c*", "a b c", [entity("bold", 0, 5), entity("italic", 2, 1)]),
        ("😀 *😀*", "😀 😀", [entity("bold", 3, 2)]),
        ("`a.b*c`", "a.b*c", [entity("code", 0, 5)]),
        (r"`a\`b`", "a`b", [entity("code", 0, 3)]),
        ("```\nx = 1\n```", "x = 1\n", [entity("pre", 0, 6)]),
        ("```python\nx\n```", "x\n", [entity("pre", 0, 2, language="python")]),
        ("[a](https://a.example/b\\))", "a", [entity("text_link", 0, 1, url="https://a.example/b)")]),
        ("[a](tg://user?id=5)", "a", [entity("text_mention", 0, 1, user={"id": 5})]),
        ("![👍](tg://emoji?id=53)", "👍", [entity("custom_emoji", 0, 2, custom_emoji_id="53")]),
        (">a\n>b\nc", "a\nb\nc", [entity("blockquote", 0, 3)]),
        ("x\n>a", "x\na", [entity("blockquote", 2, 1)]),
        ("*a*\n*b*", "a\nb", [entity("bold", 0, 1), entity("bold", 2, 1)]),
    ],
)  # fmt: skip
def test_markup_becomes_entities(source: str, text: str, entities: list[dict[str, object]]) -> None:
    assert parse_markdown(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("10.00", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("я *a", "Can't find end of Bold entity at byte offset 3"),
        ("_a", "Can't find end of Italic entity at byte offset 0"),
        ("`a", "Can't find end of Code entity at byte offset 0"),
        ("```a", "Can't find end of Pre entity at byte offset 0"),
        ("[a](https://a.example", "Can't find end of a URL at byte offset 4"),
        ("*a _b*", "Can't find end of Bold entity at byte offset 5"),
    ],
)
def test_malformed_markup_is_refused_in_telegrams_words(source: str, complaint: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse_markdown(source)
    assert str(refused.value) == complaint
