"""The audit log: a line in words for each thing that was done."""

from collections.abc import Callable
from typing import Any, Final

from db.tables.currencies import Currency
from db.tables.models import VersionStatus
from db.tables.payments import PaymentStatus
from db.tables.users import AuditAction, Role
from i18n.payments import STATUSES
from i18n.people import ROLE_NAMES, calm
from i18n.text import cut_plain
from i18n.titles import Title, Titles
from i18n.translator import Html, Translator
from services.audit_log.history import ON_PRESETS, Entry, Person
from services.errors import N_
from services.money import Money, rub
from services.payments.providers.titles import provider_title

NAME, WORDS_SHOWN = 32, 100  # characters of a name, and of what somebody wrote
Words = Callable[[Entry, Titles], Html]


def entry_line(entry: Entry, titles: Titles) -> Html:
    """When, who, what to whom, from what to what, why."""
    tr = titles.tr
    return Html(f"{tr.short_moment(entry.created_at)} · {entry_words(entry, titles)}")


def entry_words(entry: Entry, titles: Titles) -> Html:
    """Who, what to whom, from what to what, why."""
    tr = titles.tr
    return Html(f"<b>{tr.escape(actor_name(entry, tr))}</b> · {what_was_done(entry, titles)}")


def actor_name(entry: Entry, tr: Translator) -> str:
    return tr.gettext("the shop itself") if entry.actor is None else _name(entry.actor)


def what_was_done(entry: Entry, titles: Titles) -> Html:
    """What to whom, from what to what, why."""
    tr = titles.tr
    what = WORDS.get(entry.action, _unknown)(entry, titles)
    if entry.reason:
        what = tr.html("{what}, “{reason}”", what=what, reason=cut_plain(entry.reason, WORDS_SHOWN))
    return what


def _given(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    return tr.html("{credits} given to {whom} ({before} → {after})", **_credits(entry, tr))


def _taken(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    return tr.html("{credits} taken from {whom} ({before} → {after})", **_credits(entry, tr))


def _credits(entry: Entry, tr: Translator) -> dict[str, Any]:
    return {
        "credits": tr.credits(abs(entry.after.get("amount", 0))),
        "whom": _whom(entry, tr),
        "before": tr.amount(entry.before.get("balance", 0)),
        "after": tr.amount(entry.after.get("balance", 0)),
    }


def _letter(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    text = cut_plain(str(entry.after.get("text", "")), WORDS_SHOWN)
    return tr.html("Message to {whom}: “{text}”", whom=_whom(entry, tr), text=text)


def _about_user(message: str) -> Words:
    def words(entry: Entry, titles: Titles) -> Html:
        tr = titles.tr
        return tr.html(message, whom=_whom(entry, tr))

    return words


def _role(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr

    def role(word: str | None) -> str:
        return tr.gettext(ROLE_NAMES[Role(word)]) if word in ROLE_NAMES else tr.gettext("no role")

    before, after = role(entry.before.get("role")), role(entry.after.get("role"))
    return tr.html("Role of {whom}: {before} → {after}", whom=_whom(entry, tr), before=before, after=after)


def _refund(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    return tr.html(
        "Refund of {amount} to {whom} (sent back: {before} → {after}), payment <code>{number}</code>",
        amount=tr.money(_money(entry, entry.after.get("amount"))),
        whom=_whom(entry, tr),
        before=tr.written(_money(entry, entry.before.get("refunded")).words),
        after=tr.money(_money(entry, entry.after.get("refunded"))),
        number=entry.subject,
    )


def _stray(entry: Entry, titles: Titles) -> Html:
    return titles.tr.html(
        "Money for nothing that we know sent back: {amount}, charge <code>{number}</code>",
        amount=str(entry.before.get("amount", "")),
        number=entry.subject,
    )


def _asked(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr

    def status(word: str | None) -> str:
        return tr.gettext(STATUSES[PaymentStatus(word)]) if word in STATUSES else tr.gettext("no answer")

    return tr.html(
        "{provider} asked about a payment of {whom}: {before} → {after}, payment <code>{number}</code>",
        provider=tr.gettext(provider_title(entry.before.get("provider", ""))),
        whom=_whom(entry, tr),
        before=status(entry.before.get("status")),
        after=status(entry.after.get("status")),
        number=entry.subject,
    )


def _price(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr

    def price(hundredths: int | None) -> str:
        return tr.gettext("the author's") if hundredths is None else tr.amount(hundredths)

    before, after = price(entry.before.get("admin_price")), price(entry.after.get("admin_price"))
    return tr.html("Price of {what}: {before} → {after}", what=_what(entry, titles), before=before, after=after)


def _about_goods(message: str) -> Words:
    def words(entry: Entry, titles: Titles) -> Html:
        tr = titles.tr
        return tr.html(message, what=_what(entry, titles))

    return words


def _moved(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    places = {"before": entry.before.get("place"), "after": entry.after.get("place")}
    return tr.html("{what}: place {before} → {after}", what=_what(entry, titles), **places)


def _new_package(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    parts = [word(entry.after.get(part), tr) for part, (_, word) in PACKAGE_PARTS.items() if part != "title"]
    return tr.html("New: {what}, {parts}", what=_what(entry, titles), parts=", ".join(parts))


def _edited_package(entry: Entry, titles: Titles) -> Html:
    """Only what is different."""
    tr = titles.tr
    changes = [
        f"{tr.gettext(label)} {word(entry.before.get(part), tr)} → {word(entry.after.get(part), tr)}"
        for part, (label, word) in PACKAGE_PARTS.items()
        if entry.before.get(part) != entry.after.get(part)
    ]
    return tr.escape(f"{_what(entry, titles)}: {', '.join(changes)}")


NAMED_PARTS: Final = {
    "features": N_("names of questions"),
    "labels": N_("names of answers"),
    "texts": N_("texts for customers"),
    "joined": N_("a new version of this model"),
    "apart": N_("a model of its own"),
}


def _about_version(message: str) -> Words:
    def words(entry: Entry, titles: Titles) -> Html:
        return titles.tr.html(message, what=_what(entry, titles), version=entry.after.get("version", "?"))

    return words


def _changed_version(entry: Entry, titles: Titles) -> Html:
    """From what to what; names of questions and answers are too long for a line."""
    tr, before, after = titles.tr, entry.before, entry.after
    told, changes = _about_version(N_("Changed: {what}, version {version}"))(entry, titles), []
    was, now = before.get("title") or {}, after.get("title") or {}
    for language, label in (("ru", N_("Russian name")), ("en", N_("English name"))):
        if was.get(language) != now.get(language):
            changes.append(
                f"{tr.gettext(label)} {was.get(language) or '—'} → {cut_plain(now.get(language) or '—', NAME)}"
            )
    if "price" in after:
        price = before.get("price")
        changes.append(
            f"{tr.gettext('price')} {'—' if price is None else tr.amount(price)} → {tr.amount(after['price'])}"
        )
    changes += [tr.gettext(label) for what, label in NAMED_PARTS.items() if what in after]
    return Html("; ".join([told, *map(tr.escape, changes)]))


def _checked(entry: Entry, titles: Titles) -> Html:
    refused = entry.after.get("status") == VersionStatus.REFUSED
    words = (
        N_("Checked and refused: {what}, version {version}") if refused else N_("Checked: {what}, version {version}")
    )
    return _about_version(words)(entry, titles)


def _published(entry: Entry, titles: Titles) -> Html:
    if (before := entry.after.get("before")) is None:
        return _about_version(N_("Put on sale: {what}, version {version}"))(entry, titles)
    now, what = entry.after.get("version", "?"), _what(entry, titles)
    return titles.tr.html("Another version on sale: {what}, {before} → {after}", what=what, before=before, after=now)


def _about_plan(message: str) -> Words:
    def words(entry: Entry, titles: Titles) -> Html:
        return titles.tr.html(message, name=entry.subject)

    return words


def _about_paper(message: str) -> Words:
    def words(entry: Entry, titles: Titles) -> Html:
        told = entry.after or entry.before or {}
        return titles.tr.html(
            message, name=told.get("name", ""), paper=entry.subject, model=titles.of(str(told.get("model", ""))).text
        )

    return words


def _edited_plan(entry: Entry, titles: Titles) -> Html:
    """Which parts; allowances are too long for a line."""
    tr = titles.tr
    parts = [tr.gettext(label) for part, label in PLAN_PARTS.items() if part in entry.after]
    return tr.html("Changed: {what}, {parts}", what=entry.subject, parts=", ".join(parts))


def _edited_preset(entry: Entry, titles: Titles) -> Html:
    """Which parts; a prompt or a picture is too long for a line."""
    tr = titles.tr
    parts = [tr.gettext(label) for part, label in PRESET_PARTS.items() if part in {**entry.before, **entry.after}]
    return tr.html("Changed: {what}, {parts}", what=_what(entry, titles), parts=", ".join(parts))


def _opened_request(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    assistant = cut_plain(str(titles.of(entry.after.get("assistant") or entry.subject or "")), NAME)
    return tr.html("A request to an assistant opened: {whom} → {assistant}", whom=_whom(entry, tr), assistant=assistant)


def _bonus(entry: Entry, titles: Titles) -> Html:
    tr = titles.tr
    users = int(entry.after.get("users", 0))
    return tr.nhtml(
        "Weekly bonus {week}: {n} customer", "Weekly bonus {week}: {n} customers", users, week=entry.subject
    )


def _unknown(entry: Entry, titles: Titles) -> Html:
    """Of a newer version of the shop."""
    tr = titles.tr
    return tr.escape(f"{entry.action} {entry.subject or ''}".strip())


WORDS: Final[dict[str, Words]] = {
    AuditAction.CREDITS_GRANT: _given,
    AuditAction.CREDITS_TAKE: _taken,
    AuditAction.USER_DISABLE: _about_user(N_("The shop is closed to {whom}")),
    AuditAction.USER_ENABLE: _about_user(N_("The shop is open to {whom} again")),
    AuditAction.USER_WRITE: _letter,
    AuditAction.ACCOUNT_MERGE: _about_user(N_("Two accounts became one: {whom}")),
    AuditAction.ACCOUNT_DELETE: _about_user(N_("An account was deleted by its owner: {whom}")),
    AuditAction.USER_SIGN_OUT: _about_user(N_("{whom} was signed out everywhere")),
    AuditAction.USER_FACTOR_OFF: _about_user(N_("The second factor of {whom} was turned off")),
    AuditAction.ROLE_CHANGE: _role,
    AuditAction.PAYMENT_REFUND: _refund,
    AuditAction.PAYMENT_ASK: _asked,
    AuditAction.STRAY_REFUND: _stray,
    AuditAction.MODEL_PRICE: _price,
    AuditAction.MODEL_ENABLE: _about_goods(N_("On sale again: {what}")),
    AuditAction.MODEL_DISABLE: _about_goods(N_("Taken off the menu: {what}")),
    AuditAction.MODEL_TRY_AGAIN: _about_goods(N_("Tried again after its failures: {what}")),
    AuditAction.MODEL_TEST: _about_goods(N_("Its example was run: {what}")),
    AuditAction.MODEL_MOVE: _moved,
    AuditAction.PRESET_CREATE: _about_goods(N_("A new style: {what}")),
    AuditAction.PRESET_EDIT: _edited_preset,
    AuditAction.PRESET_ENABLE: _about_goods(N_("On sale again: {what}")),
    AuditAction.PRESET_DISABLE: _about_goods(N_("Taken off the menu: {what}")),
    AuditAction.PRESET_MOVE: _moved,
    AuditAction.CHAT_REQUEST_OPEN: _opened_request,
    AuditAction.PRESET_DELETE: _about_goods(N_("A style deleted: {what}")),
    AuditAction.PACKAGE_CREATE: _new_package,
    AuditAction.PACKAGE_EDIT: _edited_package,
    AuditAction.PACKAGE_ENABLE: _about_goods(N_("On sale again: {what}")),
    AuditAction.PACKAGE_DISABLE: _about_goods(N_("Taken off the menu: {what}")),
    AuditAction.PACKAGE_MOVE: _moved,
    AuditAction.PLAN_CREATE: _about_plan(N_("New plan: {name}")),
    AuditAction.PLAN_EDIT: _edited_plan,
    AuditAction.PLAN_ENABLE: _about_plan(N_("On sale again: {name}")),
    AuditAction.PLAN_DISABLE: _about_plan(N_("Not sold any more: {name}")),
    AuditAction.PLAN_MOVE: _about_plan(N_("Moved in the list of plans: {name}")),
    AuditAction.PLAN_OFFER: _about_plan(N_("The new price was offered to subscribers: {name}")),
    AuditAction.UPLOAD_RECEIVE: _about_version(N_("A file was sent: {what}, version {version}")),
    AuditAction.UPLOAD_CHECK: _checked,
    AuditAction.UPLOAD_CHANGE: _changed_version,
    AuditAction.UPLOAD_TRY: _about_version(N_("Tried for free: {what}, version {version}")),
    AuditAction.UPLOAD_COMPARE: _about_version(N_("Compared with what is on sale: {what}, version {version}")),
    AuditAction.UPLOAD_PUBLISH: _published,
    AuditAction.UPLOAD_DISCARD: _about_version(N_("Discarded: {what}, version {version}")),
    AuditAction.UPLOAD_REMOVE: _about_goods(N_("Removed from the shop: {what}")),
    AuditAction.LIST_ADD: _about_paper(N_("Forecast every week from now on: {name} ({paper}) by {model}")),
    AuditAction.LIST_REMOVE: _about_paper(N_("Not forecast every week any more: {name} ({paper}) by {model}")),
    AuditAction.BONUS_WEEK_GRANTED: _bonus,
}


ACTION_NAMES: Final = {
    AuditAction.CREDITS_GRANT: N_("Credits given"),
    AuditAction.CREDITS_TAKE: N_("Credits taken"),
    AuditAction.USER_DISABLE: N_("Shop closed to a customer"),
    AuditAction.USER_ENABLE: N_("Shop opened to a customer"),
    AuditAction.USER_WRITE: N_("Message to a customer"),
    AuditAction.USER_SIGN_OUT: N_("Customer signed out"),
    AuditAction.USER_FACTOR_OFF: N_("Second factor turned off"),
    AuditAction.ACCOUNT_MERGE: N_("Accounts made one"),
    AuditAction.ACCOUNT_DELETE: N_("Account deleted"),
    AuditAction.ROLE_CHANGE: N_("Role changed"),
    AuditAction.PAYMENT_REFUND: N_("Money sent back"),
    AuditAction.PAYMENT_ASK: N_("Payment asked about"),
    AuditAction.STRAY_REFUND: N_("Stray payment sent back"),
    AuditAction.MODEL_PRICE: N_("Price of a model"),
    AuditAction.MODEL_ENABLE: N_("Model put on sale"),
    AuditAction.MODEL_DISABLE: N_("Model taken off"),
    AuditAction.MODEL_TRY_AGAIN: N_("Model tried again"),
    AuditAction.MODEL_TEST: N_("Example of a model run"),
    AuditAction.MODEL_MOVE: N_("Model moved"),
    AuditAction.PRESET_CREATE: N_("New style"),
    AuditAction.PRESET_EDIT: N_("Style changed"),
    AuditAction.PRESET_ENABLE: N_("Style put on sale"),
    AuditAction.PRESET_DISABLE: N_("Style taken off"),
    AuditAction.PRESET_MOVE: N_("Style moved"),
    AuditAction.PRESET_DELETE: N_("Style deleted"),
    AuditAction.PACKAGE_CREATE: N_("New package"),
    AuditAction.PACKAGE_EDIT: N_("Package changed"),
    AuditAction.PACKAGE_ENABLE: N_("Package put on sale"),
    AuditAction.PACKAGE_DISABLE: N_("Package taken off"),
    AuditAction.PACKAGE_MOVE: N_("Package moved"),
    AuditAction.CHAT_REQUEST_OPEN: N_("Request to an assistant opened"),
    AuditAction.PLAN_CREATE: N_("New plan"),
    AuditAction.PLAN_EDIT: N_("Plan changed"),
    AuditAction.PLAN_ENABLE: N_("Plan put on sale"),
    AuditAction.PLAN_DISABLE: N_("Plan taken off"),
    AuditAction.PLAN_MOVE: N_("Plan moved"),
    AuditAction.PLAN_OFFER: N_("New price of a plan offered"),
    AuditAction.UPLOAD_RECEIVE: N_("File of a model sent"),
    AuditAction.UPLOAD_CHECK: N_("File of a model checked"),
    AuditAction.UPLOAD_CHANGE: N_("Upload changed"),
    AuditAction.UPLOAD_TRY: N_("Upload tried"),
    AuditAction.UPLOAD_COMPARE: N_("Upload compared"),
    AuditAction.UPLOAD_PUBLISH: N_("Upload published"),
    AuditAction.UPLOAD_DISCARD: N_("Upload discarded"),
    AuditAction.UPLOAD_REMOVE: N_("Uploaded model removed"),
    AuditAction.LIST_ADD: N_("Paper put on the public list"),
    AuditAction.LIST_REMOVE: N_("Paper taken off the public list"),
    AuditAction.BONUS_WEEK_GRANTED: N_("Weekly bonus"),
}
"""What a kind of thing is called, to choose by."""


def _title(title: dict[str, str] | None, tr: Translator) -> str:
    return " / ".join((title or {}).values())


def _days(days: int | None, tr: Translator) -> str:
    return tr.gettext("no end") if days is None else tr.ngettext("{n} day", "{n} days", days)


PACKAGE_PARTS: Final[dict[str, tuple[str, Callable[[Any, Translator], str]]]] = {  # Any: JSON of the part
    "title": (N_("name"), _title),
    "credits": (N_("credits"), lambda hundredths, tr: tr.credits(hundredths or 0)),
    "price_kopecks": (N_("price"), lambda kopecks, tr: tr.money(rub(kopecks or 0))),
    "valid_days": (N_("valid for"), _days),
}


PLAN_PARTS: Final[dict[str, str]] = {
    "name": N_("name"),
    "title": N_("name"),
    "description": N_("description"),
    "months": N_("months of a period"),
    "credits": N_("credits"),
    "discount_percent": N_("discount"),
    "trial_days": N_("days of trial"),
    "is_free": N_("whether it is free"),
    "prices": N_("price"),
    "allowances": N_("allowances"),
}


PRESET_PARTS: Final[dict[str, str]] = {
    "title": N_("name"),
    "category": N_("category"),
    "icon": N_("icon"),
    "price": N_("price"),
    "prompt": N_("prompt"),
    "inputs": N_("answers"),
    "sample": N_("sample picture"),
    "position": N_("place"),
    "model_slug": N_("model"),
}


def _money(entry: Entry, text: str | None) -> Money:
    """`300.00` of the table; roubles stand without their currency."""
    return Money.of_text(text or "0", entry.after.get("currency", Currency.RUB))


def _name(person: Person) -> str:
    called = f"@{person.username}" if person.username else ""
    return calm(cut_plain(person.first_name, NAME)) or called or _number(person)


def _number(person: Person) -> str:
    return f"#{person.user_id}" if person.telegram_id is None else str(person.telegram_id)


def _whom(entry: Entry, tr: Translator) -> str:
    if entry.target is None:
        return tr.gettext("nobody")
    name, number = _name(entry.target), "" if entry.target.user_id is None else f"#{entry.target.user_id}"
    return name if name == number else f"{name} {number}".rstrip()


def _what(entry: Entry, titles: Titles) -> str:
    """A model, a preset or a package; of one that is gone, its id."""
    tr = titles.tr
    if entry.title is not None:
        return Title(text=tr.pick(entry.title), icon="🎨" if entry.action in ON_PRESETS else "📦").cut(NAME)
    return cut_plain(str(titles.of(entry.subject or "")), NAME)
