"""Questions and confirmations of what is done to one customer."""

from handlers.admin import buttons as names
from handlers.admin.widgets import confirmation, question
from handlers.telegram.screen import Screen
from i18n.people import name_of, number_of
from i18n.translator import Html, Translator
from services.users.manage import MAX_CREDITS, MAX_REASON, MAX_TEXT
from services.users.search import UserLine


def amount_question(user: UserLine, tr: Translator, *, give: bool, problem: str = "") -> Screen:
    what = (
        tr.html("How many credits shall {name} get?", name=name_of(user, tr))
        if give
        else tr.html("How many credits shall be taken from {name}?", name=name_of(user, tr))
    )
    balance = tr.html("Balance: <b>{credits}</b>", credits=tr.credits(user.balance))
    high = MAX_CREDITS if give else user.balance
    bounds = tr.html("From 0.01 to {high}, for example 5 or 2.50.", high=tr.amount(high))
    lines = [what, balance] if problem else [what, balance, bounds]  # the problem names them
    return question("\n".join(lines), tr, back=names.action(names.USER, user.id), problem=problem)


def reason_question(user: UserLine, tr: Translator, *, problem: str = "") -> Screen:
    text = tr.html("For what reason? The customer will read it. At most {max} characters.", max=MAX_REASON)
    return question("" if problem else text, tr, back=names.action(names.USER, user.id), problem=problem)


def change_confirmation(user: UserLine, amount: int, reason: str, nonce: str, tr: Translator) -> Screen:
    """`amount` in hundredths, negative to take."""
    give = amount > 0
    what = (
        tr.html("Give <b>{credits}</b> to {name}?", credits=tr.credits(amount), name=name_of(user, tr))
        if give
        else tr.html("Take <b>{credits}</b> from {name}?", credits=tr.credits(-amount), name=name_of(user, tr))
    )
    lines = [
        what,
        number_of(user, tr),
        tr.html(
            "Balance: {before} → <b>{after}</b>",
            before=tr.amount(user.balance),
            after=tr.amount(user.balance + amount),
        ),
        tr.html("Reason: {reason}", reason=reason),
    ]
    yes = tr.gettext("✅ Give") if give else tr.gettext("✅ Take")
    return confirmation("\n".join(lines), tr, yes=yes, nonce=nonce, back=names.action(names.USER, user.id))


def disable_confirmation(user: UserLine, nonce: str, tr: Translator) -> Screen:
    text = tr.html(
        "Close the shop to {name}? They keep their credits and cannot do anything until it is opened again.",
        name=name_of(user, tr),
    )
    back = names.action(names.USER, user.id)
    return confirmation(text, tr, yes=tr.gettext("⛔ Disable"), nonce=nonce, back=back)


def factor_confirmation(user: UserLine, nonce: str, tr: Translator) -> Screen:
    text = tr.html(
        "Turn off the second factor of {name}? Be sure that it is them who ask: from then on their password or their "
        "Telegram lets in on the web. They are signed out there, and told.",
        name=name_of(user, tr),
    )
    back = names.action(names.USER, user.id)
    return confirmation(text, tr, yes=tr.gettext("🔓 Turn off"), nonce=nonce, back=back)


def let_in_notice(tr: Translator, *, allowed: bool) -> Html:
    if allowed:
        return tr.html("✅ The shop is open to them again.")
    return tr.html("⛔ The shop is closed to them.")


def letter_question(user: UserLine, tr: Translator, *, problem: str = "") -> Screen:
    text = tr.html("What shall I write to {name}? At most {max} characters.", name=name_of(user, tr), max=MAX_TEXT)
    return question(text, tr, back=names.action(names.USER, user.id), problem=problem)


def letter_confirmation(user: UserLine, text: str, nonce: str, tr: Translator) -> Screen:
    head = tr.html("Send this to {name}?", name=name_of(user, tr))
    shown = Html(f"{head}\n\n{tr.escape(text)}")
    back = names.action(names.USER, user.id)
    return confirmation(shown, tr, yes=tr.gettext("✉️ Send"), nonce=nonce, back=back)
