"""Whatever a customer presses, types or sends, the form shows a screen within Telegram's limits."""

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.form.state import Action, Form
from tests.unit.handlers.form.samples import EVERYTHING, everything, manifest, stored
from tests.unit.handlers.form.walk import NONCE, Walk

LONG = "Ы" * 5000
HUGE: list[dict[str, Any]] = [
    {"name": f"text_{n}", "type": "text", "label": LONG, "help": f"<&>{LONG}", "min_length": 0} for n in range(120)
]
WIDE: list[dict[str, Any]] = [
    {"name": "choice", "type": "choice", "label": "?", "options": [{"value": str(n), "label": LONG} for n in range(30)]}
]
FORMS: list[Callable[[], Form]] = [
    lambda: Form.of(everything()),
    lambda: Form.of(everything(), preset={"integer": 7, "image": {"file": "0" * 32}}),
    lambda: Form.of(stored("wine")),
    lambda: Form.of(stored("digit")),
    lambda: Form.of(stored("investment-risk")),
    lambda: Form.of(manifest(EVERYTHING[:3], price="0")),
    lambda: Form.of(manifest(HUGE)),
    lambda: Form.of(manifest(WIDE)),
]


@cache
def form_of(number: int) -> Form:
    return FORMS[number]()


texts = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"[0-9 .,;:\-+eE%\n]{0,80}", fullmatch=True),
    st.sampled_from(["да", "нет", "1", "0", "7", "13,5", "Красный", "2026-11-21", "<b>&amp;", "1 2 3 4 5", "x" * 4096]),
)
moves = st.one_of(
    st.tuples(st.just("says"), texts),
    st.tuples(st.just("file"), st.binary(max_size=60) | st.just(b"a;b\n1;2\n3;4\n5;6\n")),
    st.tuples(st.just("picture"), st.just("cd" * 16)),
    st.tuples(st.just("button"), st.integers(0, 200)),
    st.tuples(
        st.just("action"),
        st.builds(
            Action,
            nonce=st.just(NONCE),
            where=st.sampled_from(["s", "l", "0", "1", "7", "119", "x", ""]),
            verb=st.sampled_from("bcdkopgelxsz"),
            argument=st.integers(0, 99999),
        ),
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    form=st.integers(0, len(FORMS) - 1).map(form_of),
    language=st.sampled_from(["ru", "en"]),
    path=st.lists(moves, max_size=25),
)
def test_any_path(form: Form, language: str, path: list[tuple[str, Any]]) -> None:
    walk = Walk(form, language)
    for kind, what in path:
        buttons = [button for row in walk.screen.rows for button in row]
        match kind:
            case "says":
                walk.says(what)
            case "file":
                walk.sends_file(what)
            case "picture":
                walk.sends_picture(what)
            case "button":
                walk.sends_action(buttons[what % len(buttons)].action)
            case "action":
                walk.sends_action(str(what))
        assert walk.screen.rows
        if walk.turn.state.asked is None:
            assert walk.answers.keys() == {each.name for each in form.fields}


@given(st.text(max_size=80))
def test_any_callback_data(data: str) -> None:
    action = Action.parse(data)
    assert action is None or data.startswith("f:")
