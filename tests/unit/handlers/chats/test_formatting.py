"""A model's Markdown as messages and drafts."""

import re

import pytest

from handlers.chats.formatting import DRAFT_STEP, LONG, LONGEST, answer_parts, draft_of

LINES = "".join(f"- **item {number}** with `code`\n" for number in range(2_000))
CODE = "```python\n" + "".join(f"print({number})\n" for number in range(2_000))


@pytest.mark.parametrize("whole", [LINES, CODE])
def test_a_draft_is_the_end_of_what_has_come(whole: str) -> None:
    for size in range(100, LONG + 5_000, 700):
        draft, last = draft_of(whole[:size]), re.findall(r"(\d+)(?:\)|\*\*)", whole[:size])[-1]
        assert last in draft.text[-60:]
        assert len(draft.text) <= LONGEST


def test_a_draft_grows_from_the_same_line_for_a_while() -> None:
    begins = [draft_of(LINES[:size]).text[:40] for size in range(0, LONG, 50)]
    assert len(set(begins[10:])) <= LONG // DRAFT_STEP


@pytest.mark.parametrize("size", [3_000, 5_000, 9_000, 15_999])
def test_a_block_of_code_stays_code_in_a_draft(size: int) -> None:
    draft = draft_of(CODE[:size])
    assert draft.text.startswith("print(")
    assert [(each.type, each.language, each.offset) for each in draft.entities] == [("pre", "python", 0)]


def test_a_long_answer_is_split_once_for_all_its_messages() -> None:
    whole = LINES * 2
    assert all(first is second for first, second in zip(answer_parts(whole), answer_parts(f"{whole}"), strict=True))
    assert answer_parts(LINES[:500])[0] is not answer_parts(LINES[:500])[0]  # the others are quick, and not kept


@pytest.mark.parametrize("url", ["tg://settings", "tg://invoice?slug=1", "file:///etc/passwd", "javascript:alert(1)"])
def test_a_link_that_is_no_page_is_none(url: str) -> None:
    (part,) = answer_parts(f"Press [here]({url}), or [there](https://example.org).")
    assert [each.url for each in part.entities if each.type == "text_link"] == ["https://example.org"]
