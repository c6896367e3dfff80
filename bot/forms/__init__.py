"""Forms drawn from manifests: pure functions, no Telegram. `flow` moves, `render` shows."""

from bot.forms.flow import answer, answer_file, answer_image, ask_column, press, resume, start
from bot.forms.model import Action, Form, FormState, Outcome, Turn
from bot.forms.render import render

__all__ = [
    "Action",
    "Form",
    "FormState",
    "Outcome",
    "Turn",
    "answer",
    "answer_file",
    "answer_image",
    "ask_column",
    "press",
    "render",
    "resume",
    "start",
]
