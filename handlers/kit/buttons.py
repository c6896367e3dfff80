"""Names of buttons that more than one screen bears, and rows that look the same everywhere.

Callback data is `name` or `name:argument`; the form's own buttons begin with `f:` (`handlers.form.state.Action`).
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator
from services.users.accounts import MAX_TELEGRAM_ID

MENU: Final = "menu"
MODELS: Final = "models"
BALANCE: Final = "balance"
HISTORY: Final = "history"  # history:<predictions|tables|operations>:<page>
PROFILE: Final = "profile"
TRACK: Final = "track"  # track:<slug>: how forecasts of a model came true
BONUS: Final = "bonus"  # bonus:<on|off>: whether its messages come
LANGUAGE: Final = "language"
HELP: Final = "help"
TERMS: Final = "terms"
PRIVACY: Final = "privacy"
TOPUP: Final = "topup"
PAYMENTS: Final = "payments"  # payments:<page>
PLANS: Final = "plans"  # plans:<id of one>:<provider>
PLAN_LEAVE: Final = "plan-leave"  # plan-leave:<hex id of the payment>
SUBSCRIPTION: Final = "sub"  # sub:<verb>:<hex id>
CONTINUE: Final = "continue"
"""Back to the form that is under way or paused."""
STYLES: Final = "styles"  # styles:<category>:<page>
MODEL: Final = "model"  # model:<slug>
TABLE: Final = "table"  # table:<slug>: a whole table for a model
TABLE_ORDER: Final = "table-order"  # table-order:<hex id>:<total shown, in hundredths>
SENT_TABLE: Final = "table-sent"  # table-sent:<hex id>
PREDICTION: Final = "prediction"  # prediction:<hex id>:<page of the history>
OUTCOME: Final = "outcome"
"""outcome:<hex id>:0: the answer, opened from the message that tells what came of it. That message stays."""

Row = tuple[Button, ...]


def menu_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🏠 Menu"), action=MENU)


def models_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🔮 Models"), action=MODELS)


def styles_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🎨 Styles"), action=STYLES)


def topup_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("💳 Top up"), action=TOPUP)


def plans_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🎟 Plans"), action=PLANS)


def subscription_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🎟 My plan"), action=SUBSCRIPTION)


def site_row(site: str | None, path: str, label: str) -> tuple[Row, ...]:
    """A button to a page of the shop's; none where Telegram would refuse its address: a machine without a dot in its
    name, such as localhost of a demo."""
    if site is None or "." not in (urlsplit(site).hostname or ""):
        return ()
    return ((Button(text=label, url=f"{site}{path}"),),)


def track_button(tr: Translator, slug: str) -> Button:
    """`slug`: of the model."""
    return Button(text=tr.gettext("🎯 How often it came true"), action=f"{TRACK}:{slug}")


def back_button(tr: Translator, action: str) -> Button:
    return Button(text=tr.gettext("‹ Back"), action=action)


def continue_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("▶️ Continue the form"), action=CONTINUE)


def model_action(slug: str) -> str:
    return f"{MODEL}:{slug}"


def prediction_action(prediction_id: UUID, page: int = 0) -> str:
    """`page`: of the history that the prediction was opened from, for its Back button."""
    return f"{PREDICTION}:{prediction_id.hex}:{page}"


def outcome_action(prediction_id: UUID) -> str:
    return f"{OUTCOME}:{prediction_id.hex}:0"


def table_action(scoring_id: UUID) -> str:
    """One that was sent."""
    return f"{SENT_TABLE}:{scoring_id.hex}"


def history_action(tab: str = "predictions", page: int = 0) -> str:
    return f"{HISTORY}:{tab}:{page}"


def pages_row(tr: Translator, *, page: int, pages: int, action: Callable[[int], str]) -> Row:
    """‹ 2/5 ›, or nothing for a single page; it always has three buttons, so that they do not jump under a finger."""
    if pages < 2:
        return ()
    mark = Button(text=tr.gettext("{page} of {pages}", page=page + 1, pages=pages), action=action(page))
    before = Button(text="‹", action=action(page - 1)) if page else Button(text="·", action=action(page))
    after = Button(text="›", action=action(page + 1)) if page + 1 < pages else Button(text="·", action=action(page))
    return (before, mark, after)


def with_continue(screen: Screen, tr: Translator) -> Screen:
    """The screen with a way back to the form on top."""
    return Screen(text=screen.text, photo=screen.photo, rows=((continue_button(tr),), *screen.rows))


def parse_number(text: str, *, most: int = 10**18 - 1) -> int | None:
    """A number from callback data, from 0; None for rubbish and for more than `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None


def parse_telegram_id(text: str) -> int | None:
    """A person's id from callback data, or None for what can be nobody's."""
    return parse_number(text, most=MAX_TELEGRAM_ID) or None


def parse_page(text: str) -> int:
    """A page number from callback data, from 0; rubbish is the first page."""
    return parse_number(text, most=999_999) or 0


def parse_id(text: str) -> UUID | None:
    """An id from callback data, or None for rubbish."""
    try:
        return UUID(hex=text) if len(text) == 32 else None
    except ValueError:
        return None
