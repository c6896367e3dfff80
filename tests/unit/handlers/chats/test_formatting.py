"""A model's Markdown as messages and drafts."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Вот страница:\n\n<div>\nпривет мир\n</div>\n\nКонец.", None),
        ("<ul>\n<li>один</li>\n<li>два</li>\n</ul>\nтекст после\n\nконец", None),
        ("Тип List<String> и vector<int> v; a < b && b > c", None),
        ("<!--\nвесь ответ\n-->\nок", None),
        ("<details>\n<summary>**Код**</summary>\n</details>", "<details>\n<summary>Код</summary>\n</details>"),
        ("`List<int>` и \\<b>", "List<int> и <b>"),
        ("```html\n<p>$5 || [a]: b</p>\n```", "<p>$5 || [a]: b</p>"),
        ("| тип | да |\n|---|---|\n| `Box<T>` | $5 |", "тип    | да\n-------+---\nBox<T> | $5"),
        ("Стоит $5 или \\$6, а $\\frac{a}{b}$ дробь", "Стоит $5 или $6, а $\\frac{a}{b}$ дробь"),
        ("if (a || b) ||тайна||", None),
        ("||a\n" + "> " * 40 + "b||", None),  # the library needs centuries for it
        ("calls[i](event) и [файл](README.md)", None),
        ("[важно]: слово\n\n[1]: https://example.org", None),
        ("AT&amp;T, a&nbsp;b", "AT&T, a\xa0b"),
        ("<https://example.org/?a=1&b=2> да", "https://example.org/?a=1&b=2 да"),
        ("| a | b |\n|---|---|\n| 1 | 2 | лишнее |", None),
    ],
)
def test_what_is_no_formatting_arrives_as_it_was_written(written: str, shown: str | None) -> None:
    assert "\n".join(part.text for part in answer_parts(written)) == (written if shown is None else shown)


def test_an_address_keeps_its_signs() -> None:
    (part,) = answer_parts("[счёт](https://example.org/?q=$5||6&a=[1]:2) за <b>")
    assert part.text == "счёт за <b>"
    assert [each.url for each in part.entities] == ["https://example.org/?q=$5||6&a=[1]:2"]


SIGNS = "<>$|&~*_`#[]()!:\\-+=\"' \n\t"
MARKS = ["\n\n", "    ", "```\n", "~~~", "](", "]: ", "||", "\n> ", "\n- ", "[x] ", "\n| a | b |\n|---|---|\n"]
HTML = ["<!--", "-->", "<div>", "</ul>", "<b ", "<script>", "<?", "<![CDATA[", "&lt;", "&#8203;"]
PIECES = st.sampled_from([*SIGNS, *MARKS, *HTML, "https://e.org/", "слово", "x", "42"])
RUNS = ["$", "$$", "$5 ", "a$", "<", "<a ", "~", "||", "](", "](https://e ", "&", "]:", "[", "\\", "\n> ~~~\n"]


@given(st.lists(PIECES, max_size=40))
@example(["\n| a | b |\n|---|---|\n", "x", "|", "x", "|", "слово"])
def test_no_word_is_lost(pieces: list[str]) -> None:
    numbered = "".join(f" w{at}e " if each == "слово" else each for at, each in enumerate(pieces))
    shown = "".join(part.text for part in answer_parts(numbered))
    without_addresses = re.sub(r"\]\([^)]*\)|(```|~~~).*", "", numbered)
    assert [word for word in re.findall(r"w\d+e", without_addresses) if word not in shown] == []


@pytest.mark.parametrize("sign", RUNS)
def test_four_times_the_signs_are_not_sixteen_times_the_work(sign: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        answer_parts(sign * times)
        return time.process_time() - started

    small, large = (min(seconds(times + extra) for extra in range(3)) for times in (4_000, 16_000))
    assert large < 10 * small + 0.01
