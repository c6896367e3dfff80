"""A customer in a form, without Telegram: `walk.presses("Назад")`, `walk.says("13,2")`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from typing import Any

from handlers.form.columns import ask_column
from handlers.form.enclosed import answer_file, answer_image
from handlers.form.flow import start
from handlers.form.pressed import press
from handlers.form.screens import render
from handlers.form.state import Action, Form, FormExit, Turn
from handlers.form.typed import answer
from handlers.form.wanted import series_wanted
from handlers.kit.form_state import FormState
from handlers.telegram.limits import TEXT, length
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues, Translator
from services.values.errors import ColumnWanted, InvalidValue
from services.values.parse import Value
from services.values.series import take_series
from tests.support.viewers import viewer
from tests.unit.handlers.test_screens import USER

CATALOGUES = Catalogues()
NONCE = "n0nce-_x"


class Walk:
    def __init__(
        self, form: Form, language: str = "ru", *, answers: Mapping[str, Any] | None = None, balance: int = 1000
    ) -> None:
        self.form = form
        self.tr: Translator = CATALOGUES[language]
        self.balance = balance
        self._files: dict[str, bytes] = {}
        self.turn: Turn = start(form, nonce=NONCE, answers=answers)

    @property
    def state(self) -> FormState:
        """As it is after a night in the database."""
        state = FormState.load(self.turn.state.dump())
        assert state is not None
        return state

    @property
    def screen(self) -> Screen:
        screen = render(self.form, self.turn, viewer(replace(USER, balance=self.balance), self.tr, payments=False))
        assert 0 < length(screen.text) <= TEXT
        assert all(1 <= len(button.action.encode()) <= 64 and button.text for row in screen.rows for button in row)
        return screen

    @property
    def text(self) -> str:
        return unescape(re.sub("<[^>]+>", "", self.screen.text)).replace("\u00a0", " ")

    @property
    def buttons(self) -> list[str]:
        return [button.text for row in self.screen.rows for button in row]

    @property
    def answers(self) -> Mapping[str, Value]:
        return self.turn.state.answers

    def says(self, text: str) -> "Walk":
        return self._goes(answer, text)

    def sends_picture(self, file_id: str = "ab" * 16) -> "Walk":
        return self._goes(answer_image, file_id)

    def sends_file(self, data: bytes) -> "Walk":
        """As a shop takes it: the numbers are found before the form sees them."""
        field = series_wanted(self.form, self.state)
        try:
            return self._goes(answer_file, [] if field is None else take_series(field, data))
        except ColumnWanted as wanted:
            self._files[name := f"file {len(self._files)}"] = data
            self.turn = ask_column(self.form, self.state, wanted, file=name)
            return self
        except InvalidValue as problem:
            self.turn = Turn(state=self.state, problem=problem)
            return self

    def presses(self, text: str) -> "Walk":
        fitting = [button for row in self.screen.rows for button in row if text in button.text]
        assert len(fitting) == 1, f"{text!r} among {self.buttons}"
        return self.sends_action(fitting[0].action)

    def sends_action(self, data: str) -> "Walk":
        action = Action.parse(data)
        assert action is not None
        return self._goes(press, action)

    def sees(self, *texts: str) -> "Walk":
        for text in texts:
            assert text in self.text, self.text
        return self

    def at_summary(self) -> bool:
        return self.turn.state.asked is None and self.turn.outcome is None

    def outcome(self, outcome: FormExit) -> "Walk":
        assert self.turn.outcome is outcome
        return self

    def _goes(self, move: Callable[..., Turn], what: object) -> "Walk":
        self.turn = move(self.form, self.state, what)
        if self.turn.outcome is FormExit.COLUMN:
            self._read_again(self.turn.column)
        return self

    def _read_again(self, column: int | None) -> None:
        """The file that waits, for a column, as a shop does."""
        table, field = self.state.table, series_wanted(self.form, self.state)
        assert table is not None
        assert table.file is not None
        assert field is not None
        try:
            numbers = take_series(field, self._files[table.file], column=column)
        except InvalidValue as problem:
            self.turn = Turn(state=self.state, problem=problem)
        else:
            self.turn = answer_file(self.form, self.state, numbers)
