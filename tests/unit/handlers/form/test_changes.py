"""A manifest that changes under a form, answers of an earlier prediction, presets, states of an older bot."""

import json
from typing import Any

import pytest

from handlers.form.flow import resume
from handlers.form.state import Form, FormExit
from handlers.kit.form_state import FormState
from tests.unit.handlers.form.samples import EVERYTHING, everything, manifest
from tests.unit.handlers.form.walk import NONCE, Walk

TWO = EVERYTHING[:2]
CHANGED = "Модель за это время изменилась"


def test_a_new_question_is_asked_before_paying() -> None:
    walk = Walk(Form.of(manifest(TWO))).says("13").says("7")
    pay = walk.screen.rows[0][0].action
    walk.form = Form.of(manifest(EVERYTHING[:3], version="2"))
    walk.sends_action(pay).sees(CHANGED, "3/3", "Цвет")
    assert walk.turn.outcome is None
    walk.presses("Красный").sees("Цена")
    assert walk.state.version == "2"


def test_an_answer_that_fits_no_more_is_asked_again() -> None:
    walk = Walk(Form.of(manifest(TWO))).says("50")
    walk.form = Form.of(manifest([TWO[0] | {"max": 40}, TWO[1]], version="2"))
    walk.says("7").sees(CHANGED, "1/2", "От 0,5 до 40.")
    assert walk.answers == {}, "what was typed to the old question is not taken for an answer"


def test_a_manifest_edited_under_the_same_version() -> None:
    """Its author forgot to say so: whoever was about to pay looks at the answers once more."""
    walk = Walk(Form.of(manifest(TWO))).says("50").says("7")
    pay = walk.screen.rows[0][0].action
    walk.form = Form.of(manifest([TWO[0] | {"label": "Other"}, TWO[1]]))
    walk.sends_action(pay).sees(CHANGED, "Цена")
    assert walk.turn.outcome is None
    walk.form = Form.of(manifest([TWO[0] | {"label": "Other", "max": 40}, TWO[1]]))
    walk.sends_action(walk.screen.rows[0][0].action).sees(CHANGED, "1/2", "От 0,5 до 40.")
    assert set(walk.answers) == {"integer"}


def test_other_help_is_the_same_form_and_so_is_one_of_an_older_bot() -> None:
    walk = Walk(Form.of(manifest(TWO))).says("50").says("7")
    walk.form = Form.of(manifest([TWO[0] | {"help": "Any."}, TWO[1]]))
    assert resume(walk.form, walk.state).notice is None
    older = FormState.load({name: each for name, each in walk.state.dump().items() if name != "questions"})
    assert older is not None
    assert resume(walk.form, older).notice is None


def test_a_question_that_is_gone_is_left_out() -> None:
    walk = Walk(Form.of(manifest(TWO))).says("50")
    walk.form = Form.of(manifest(TWO[:1], version="2"))
    walk.sends_picture().sees(CHANGED, "Число: 50 %", "Цена")


def test_the_same_manifest_resumes_silently() -> None:
    walk = Walk(Form.of(manifest(TWO))).says("50")
    turn = resume(walk.form, walk.state)
    assert (turn.state.asked, turn.notice) == ("integer", None)


def test_again_opens_the_summary() -> None:
    answers = {"number": 13.75, "integer": 7}
    walk = Walk(Form.of(manifest(TWO)), answers=answers).sees("Число: 13,75 %", "Цена")
    assert CHANGED not in walk.text


@pytest.mark.parametrize(
    "answers",
    [
        {"number": 13.75},
        {"number": 13.75, "integer": "seven"},
        {"number": 13.75, "integer": 0, "unheard": 1},
        {"number": 13.75, "integer": True},
    ],
)
def test_again_asks_what_is_missing_now(answers: dict[str, Any]) -> None:
    walk = Walk(Form.of(manifest(TWO)), answers=answers).sees(CHANGED, "2/2", "Целое")
    assert walk.answers == {"number": 13.75}


def test_a_preset_is_not_asked() -> None:
    form = Form.of(manifest(TWO), slug="seven", title={"ru": "Семёрка", "en": "Seven"}, preset={"integer": 7}, price=50)
    walk = Walk(form).sees("Семёрка · 1/1").says("13").sees("Цена: 0,50 кредита")
    assert walk.answers == {"number": 13.0}
    assert form.preset == {"integer": 7}


def test_a_preset_that_fills_everything_begins_at_the_summary() -> None:
    walk = Walk(Form.of(manifest(TWO), preset={"number": 1.0, "integer": 7})).sees("Цена")
    walk.presses("Назад").outcome(FormExit.LEAVE)


def test_a_preset_value_that_fits_no_more_is_asked() -> None:
    form = Form.of(manifest(TWO), preset={"number": 1000.0, "integer": 7, "unheard": 1})
    assert [each.name for each in form.fields] == ["number"]
    assert form.preset == {"integer": 7}


def test_a_state_survives_json() -> None:
    walk = Walk(Form.of(everything())).says("13")
    data = json.loads(json.dumps(walk.turn.state.dump()))
    assert FormState.load(data | {"message_id": 5}) == walk.turn.state


@pytest.mark.parametrize(
    "data", [{}, {"slug": "x"}, {"paid": NONCE}, {"slug": 1, "version": "1", "nonce": "", "answers": {}}]
)
def test_a_state_of_something_else_is_none(data: dict[str, Any]) -> None:
    assert FormState.load(data) is None
