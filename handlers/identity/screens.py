"""What the bot asks when a browser wants to know who is there, and what became of it."""

from typing import Final

from db.tables.identities import LoginPurpose
from handlers.kit.buttons import Row
from handlers.telegram.screen import Button, Screen
from i18n.devices import device_name
from i18n.translator import Html, Translator
from services.identity.telegram_login import LoginQuestion

LOGIN: Final = "login"  # login:<token>:<number>
NOT_ME: Final = "no"
IN_A_ROW: Final = 3


def question_screen(question: LoginQuestion, token: str, tr: Translator) -> Screen:
    """`token`: the link's; a button bears it back."""
    about = _linking(question, tr) if question.purpose is LoginPurpose.LINK else _signing_in(tr)
    where = [
        tr.html("📱 {device}", device=device_name(question.device.agent, tr)),
        tr.html("🌐 Address {address}", address=question.device.address) if question.device.address else "",
        tr.html("🕒 {moment}", moment=tr.moment(question.asked_at)),
    ]
    ask = tr.html("Did you begin this yourself? Then press <b>the number that the page shows</b>.")
    warning = tr.html(
        "Somebody sent you this link, or tells you a number? They want your account: press “It was not me”."
    )
    text = "\n\n".join((about, "\n".join(each for each in where if each), ask, warning))
    return Screen(text=text, rows=_choices(question, token, tr))


def _signing_in(tr: Translator) -> Html:
    return tr.html("<b>🔐 Sign in on the web?</b>\n\nA browser wants to be signed in to your account:")


def _linking(question: LoginQuestion, tr: Translator) -> Html:
    heading = tr.html("<b>🔗 Link your Telegram account?</b>")
    if question.address is None:
        unknown = tr.html("A browser wants to link it to an account on the web:")
        return Html(f"{heading}\n\n{unknown}")
    whose = tr.html(
        "A browser that is signed in as <b>{address}</b> wants to link it to that account:", address=question.address
    )
    return Html(f"{heading}\n\n{whose}")


def _choices(question: LoginQuestion, token: str, tr: Translator) -> tuple[Row, ...]:
    numbers = [Button(text=str(number), action=f"{LOGIN}:{token}:{number}") for number in question.numbers]
    rows = [tuple(numbers[at : at + IN_A_ROW]) for at in range(0, len(numbers), IN_A_ROW)]
    return (*rows, (Button(text=tr.gettext("🚫 It was not me"), action=f"{LOGIN}:{token}:{NOT_ME}"),))


def confirmed_screen(tr: Translator) -> Screen:
    return Screen(text=tr.html("✅ Done. Go back to the page: it goes on by itself."))


def refused_screen(tr: Translator, *, wrong: bool) -> Screen:
    """`wrong`: another number than the page's; else they said that it was not them."""
    if wrong:
        said = tr.html("🚫 This is not the number of the page, so nobody was let in. If it was you, begin again there.")
        return Screen(text=said)
    heading = tr.html("🚫 Refused: nobody was let in.")
    advice = tr.html(
        "Your account is safe. Open such links only if you began on the page yourself, and tell nobody the numbers."
    )
    return Screen(text=f"{heading}\n\n{advice}")
