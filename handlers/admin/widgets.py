"""What the admins' screens share."""

from collections.abc import Sequence

from handlers.admin import buttons as names
from handlers.kit import buttons as keyboards
from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator


def question(text: str, tr: Translator, *, back: str, problem: str = "", rows: Sequence[keyboards.Row] = ()) -> Screen:
    """`text`, `problem`: HTML; what was wrong with the last answer stands above the question, or alone where
    there is no text."""
    return Screen(
        text=notice_first(f"⚠️ {problem}" if problem else "", text), rows=(*rows, (keyboards.back_button(tr, back),))
    )


def confirmation(text: str, tr: Translator, *, yes: str, nonce: str, back: str) -> Screen:
    """`text`: HTML; `yes`: what the button says."""
    button = Button(text=yes, action=names.action(names.YES, nonce))
    return Screen(text=text, rows=((button,), (keyboards.back_button(tr, back),)))


def notice_first(notice: str, *parts: str) -> str:
    """HTML texts one below the other; `notice` may be empty."""
    return "\n\n".join(part for part in (notice, *parts) if part)


def panel_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🛠 Panel"), action=names.PANEL)
