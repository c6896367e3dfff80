"""The profile: what the shop knows of a customer, each part changeable and clearable."""

from dataclasses import dataclass
from typing import Final

from db.tables.users import Gender
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.people import GENDERS
from i18n.translator import Html, Translator
from services.errors import N_
from services.users.accounts import UserView

EMAIL: Final = "email"
AGE: Final = "age"
GENDER: Final = "gender"
BONUS: Final = "bonus"
OUTCOMES: Final = "outcomes"
CLEAR: Final = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePart:
    """What is asked for a part of the profile, and what it is good for."""

    text: str
    why: str


QUESTIONS: Final = {
    EMAIL: ProfilePart(
        text=N_("Send your e-mail address, for example anna@example.com."),
        why=N_("Receipts for payments go there, nothing else."),
    ),
    AGE: ProfilePart(
        text=N_("Send your age in years, for example 35."),
        why=N_("So that the shop knows its customers. Predictions do not depend on it."),
    ),
    GENDER: ProfilePart(
        text=N_("Choose your gender."), why=N_("So that the shop knows its customers. Predictions do not depend on it.")
    ),
}


def action(part: str, value: str = "") -> str:
    return f"{buttons.PROFILE}:{part}" + (f":{value}" if value else "")


def profile_screen(viewer: Viewer, *, notice: str = "") -> Screen:
    """`notice`: HTML told first."""
    user, tr = viewer.user, viewer.tr
    lines = [
        _line(tr.gettext("Name"), user.first_name or None, tr),
        _line(tr.gettext("E-mail"), user.email, tr),
        _line(tr.gettext("Gender"), _gender(user, tr), tr),
        _line(tr.gettext("Age"), None if user.age is None else str(user.age), tr),
        _line(tr.gettext("News of bonuses"), tr.gettext("off") if user.bonus_muted else tr.gettext("on"), tr),
        _line(tr.gettext("What came of forecasts"), tr.gettext("off") if user.outcomes_muted else tr.gettext("on"), tr),
    ]
    hint = tr.html("All of it is optional. Press what you want to change.")
    parts = [notice, tr.html("<b>👤 Profile</b>"), "\n".join(lines), hint]
    bonus = (
        Button(text=tr.gettext("🔔 Tell me of bonuses"), action=action(BONUS, "on"))
        if user.bonus_muted
        else Button(text=tr.gettext("🔕 Do not tell me of bonuses"), action=action(BONUS, "off"))
    )
    outcomes = (
        Button(text=tr.gettext("🔔 Tell me what came of forecasts"), action=action(OUTCOMES, "on"))
        if user.outcomes_muted
        else Button(text=tr.gettext("🔕 Do not tell me what came"), action=action(OUTCOMES, "off"))
    )
    rows = (
        (Button(text=tr.gettext("✉️ E-mail"), action=action(EMAIL)),),
        (
            Button(text=tr.gettext("👥 Gender"), action=action(GENDER)),
            Button(text=tr.gettext("🎂 Age"), action=action(AGE)),
        ),
        (bonus,),
        (outcomes,),
        *_site(viewer),
        (buttons.menu_button(tr),),
    )
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def _site(viewer: Viewer) -> tuple[buttons.Row, ...]:
    """Their account in a browser: its page leads back here with a number."""
    return buttons.site_row(viewer.features.site, "/sign-in/telegram", viewer.tr.gettext("🌐 Sign in on the web"))


def question_screen(part: str, viewer: Viewer, *, problem: str = "") -> Screen:
    """`problem`: HTML, what was wrong with the last answer; it says what is expected."""
    user, tr = viewer.user, viewer.tr
    question = QUESTIONS[part]
    value = {EMAIL: user.email, AGE: None if user.age is None else str(user.age), GENDER: _gender(user, tr)}[part]
    now = None if value is None else tr.html("Now: <b>{value}</b>", value=value)
    text = tr.escape(tr.gettext(question.text))
    why = Html(f"<i>{tr.escape(tr.gettext(question.why))}</i>")
    rows: list[buttons.Row] = []
    if part == GENDER:
        rows.append(tuple(_choice(gender, user, tr) for gender in Gender))
    if value is not None:
        rows.append((Button(text=tr.gettext("🗑 Clear"), action=action(part, CLEAR)),))
    rows.append((buttons.back_button(tr, buttons.PROFILE),))
    parts = [f"⚠️ {problem}", now] if problem else [text, now, why]
    return Screen(text="\n\n".join(each for each in parts if each), rows=tuple(rows))


def _choice(gender: Gender, user: UserView, tr: Translator) -> Button:
    mark = "✓ " if user.gender == gender else ""
    return Button(text=mark + _capital(tr.gettext(GENDERS[gender])), action=action(GENDER, gender))


def _line(name: str, value: str | None, tr: Translator) -> Html:
    return tr.html("{name}: <b>{value}</b>", name=name, value=tr.gettext("not given") if value is None else value)


def _gender(user: UserView, tr: Translator) -> str | None:
    return None if user.gender is None else tr.gettext(GENDERS[Gender(user.gender)])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
