"""Buying credits: what can be bought, the questions in between, and the message of a payment that is under way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final, Self

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Invoice, Screen
from i18n.plans import way_title
from i18n.text import cut_plain
from i18n.top_up import AMOUNT_QUESTIONS, bought_words, credit_price_words, term_words
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.payments.order import cut_title
from services.payments.packages import PackageView
from services.payments.pricing import CreditPrice
from services.payments.providers.stars.gateway import NAME as STARS
from services.payments.queries import PaymentView

OWN: Final = "own"  # topup:own:<provider, where there are several>
CHECK: Final = "check"  # topup:check:<hex id>
LEAVE: Final = "leave"  # topup:leave:<hex id>
AMOUNT: Final = "a"  # topup:a:<minor units>:<nonce>:<provider, where there are several>
PACKAGE: Final = "p"  # topup:p:<id of the package>:<nonce>:<as above>
IN_A_ROW: Final = 2
PACKAGES_SHOWN: Final = 20  # the first of an admin's order: Telegram takes 4096 characters and 100 buttons

WAY: Final = "way"  # topup:way:<provider>
ON_PAGE: Final = N_(
    "Pay on the page that the button opens, then come back: this message changes by itself. The link works for an hour."
)
IN_TELEGRAM: Final = N_(
    "The button opens Telegram's own window: pay there, and this message changes by itself. It can be paid for an hour."
)

NO_LINK_YET: Final = N_(
    "⏳ The payment service does not answer right now. We keep trying: the link will come into this message by itself. "
    "Nothing was charged."
)
BEING_CHARGED: Final = N_(
    "⏳ It is being charged from your saved way to pay. What comes of it will stand here by itself."
)

_CHOICE = re.compile(rf"({AMOUNT}|{PACKAGE}):([0-9]{{1,9}}):([A-Za-z0-9_-]{{1,32}})(?::([a-z]{{1,16}}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An amount in minor units or a package. `nonce`: of the screen that offered it, where one choice can be made;
    `provider`: who gets the money, None for the shop's first."""

    kind: str
    number: int
    nonce: str
    provider: str | None = None

    def __str__(self) -> str:
        return ":".join([self.kind, str(self.number), self.nonce, *([self.provider] if self.provider else [])])

    @classmethod
    def typed(cls, minor: int, *, asked: str, provider: str | None = None) -> Self:
        """An amount in answer to what was `asked`: typed again after a crash it is the same choice, and no other one
        ever (numbers of messages begin anew with another bot)."""
        return cls(kind=AMOUNT, number=minor, nonce=f"{asked}-{minor}", provider=provider)

    @classmethod
    def parse(cls, text: object) -> Self | None:
        found = _CHOICE.fullmatch(text) if isinstance(text, str) else None
        return None if found is None else cls(kind=found[1], number=int(found[2]), nonce=found[3], provider=found[4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What can be bought by `provider`, who is one of the `ways` to pay."""

    pricing: CreditPrice
    packages: Sequence[PackageView]
    ways: Sequence[str]
    provider: str

    @property
    def named(self) -> str | None:
        """As buttons bear it: where there is a choice."""
        return self.provider if len(self.ways) > 1 else None


def topup_screen(goods: Goods, viewer: Viewer, *, lacking: int = 0, problem: str = "") -> Screen:
    """`lacking`: hundredths of a credit that a form waits for. `problem`: HTML, why the last choice came to nothing."""
    tr, nonce, pricing = viewer.tr, token_urlsafe(6), goods.pricing
    packages = goods.packages[:PACKAGES_SHOWN]
    facts = [
        tr.html("Balance: <b>{credits}</b>", credits=tr.credits(viewer.user.balance)),
        tr.html("1 credit costs {price}.", price=credit_price_words(pricing, tr)),
    ]
    if lacking > 0:
        facts.append(tr.html("Your form waits for <b>{credits}</b> more.", credits=tr.credits(lacking)))
    parts = [f"⚠️ {problem}" if problem else "", tr.html("<b>💳 Top up</b>"), "\n".join(facts)]
    if packages:
        parts.append("\n".join([tr.html("<b>Packages</b>"), *(_package_line(each, tr) for each in packages)]))
    parts.append(tr.html("How much shall it be?"))
    amounts = [_amount_button(money, goods, nonce, tr) for money in pricing.suggested]
    rows: list[buttons.Row] = _ways(goods, tr) if goods.named else []
    rows += [tuple(amounts[i : i + IN_A_ROW]) for i in range(0, len(amounts), IN_A_ROW)]
    rows += [(_package_button(each, goods, nonce, tr),) for each in packages]
    own = ":".join([buttons.TOPUP, OWN, *([goods.named] if goods.named else [])])
    rows.append((Button(text=tr.gettext("✏️ Another amount"), action=own),))
    rows.append((payments_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(rows))


def _ways(goods: Goods, tr: Translator) -> list[buttons.Row]:
    """How to pay; the chosen way is marked."""

    def button(way: str) -> Button:
        mark = "✓ " if way == goods.provider else ""
        return Button(text=f"{mark}{way_title(way, tr)}", action=f"{buttons.TOPUP}:{WAY}:{way}")

    ways = [button(way) for way in goods.ways]
    return [tuple(ways[i : i + IN_A_ROW]) for i in range(0, len(ways), IN_A_ROW)]


def amount_question(pricing: CreditPrice, tr: Translator, *, provider: str | None = None, problem: str = "") -> Screen:
    """`problem`: HTML, what was wrong with the last answer; it says what is expected."""
    low, high = tr.written(pricing.low.words), tr.written(pricing.high.words)
    question = tr.html(AMOUNT_QUESTIONS[pricing.currency], low=low, high=high)
    text = f"⚠️ {problem}" if problem else question
    back = buttons.TOPUP if provider is None else f"{buttons.TOPUP}:{WAY}:{provider}"
    return Screen(text=text, rows=((buttons.back_button(tr, back),),))


def email_question(tr: Translator, *, problem: str = "", back: str = buttons.TOPUP) -> Screen:
    """`problem`: as above; `back`: the action of that button."""
    question = tr.html(
        "The law asks for a receipt, and it needs an address. Send your e-mail, for example anna@example.com: "
        "it is asked once and kept in your profile."
    )
    text = f"⚠️ {problem}" if problem else question
    return Screen(text=text, rows=((buttons.back_button(tr, back),),))


def preparing_screen(tr: Translator) -> Screen:
    return Screen(text=tr.html("⏳ Preparing the payment…"))


def payment_screen(payment: PaymentView, tr: Translator) -> Screen:
    """A payment that is under way: with its link, or without while the provider does not answer."""
    amount = tr.money(payment.amount)
    facts = _bought(payment, tr)
    if payment.receipt_email is not None:
        facts.append(tr.html("The receipt goes to {email}.", email=payment.receipt_email))
    if payment.test:
        facts.append(tr.html("🧪 A test shop: no real money is taken."))
    again = Button(text=tr.gettext("✅ I have paid"), action=f"{buttons.TOPUP}:{CHECK}:{payment.id.hex}")
    leave = f"{buttons.TOPUP}:{LEAVE}" if payment.plan_id is None else buttons.PLAN_LEAVE
    back = buttons.back_button(tr, f"{leave}:{payment.id.hex}")
    if payment.confirmation_url is None:
        hint = tr.html(NO_LINK_YET if payment.method_id is None else BEING_CHARGED)
        again = Button(text=tr.gettext("🔄 Ask again"), action=again.action)
        return Screen(text="\n\n".join(["\n".join(facts), hint]), rows=((again,), (back,)))
    if is_invoice(payment):
        return _invoice(payment, tr, rows=((again,), (back,)))
    hint = tr.html(IN_TELEGRAM if payment.provider == STARS else ON_PAGE)
    pay = Button(text=tr.gettext("💳 Pay {amount}", amount=amount), url=payment.confirmation_url)
    return Screen(text="\n\n".join(["\n".join(facts), hint]), rows=((pay,), (again,), (back,)))


def is_invoice(payment: PaymentView) -> bool:
    """Whether its message is an invoice of Telegram's; a subscription has a link alone."""
    return payment.provider == STARS and payment.plan_id is None


def _invoice(payment: PaymentView, tr: Translator, *, rows: tuple[buttons.Row, ...]) -> Screen:
    text = tr.gettext(
        "It brings {credits}{term}. The invoice can be paid within an hour.",
        credits=tr.credits(payment.credits),
        term=term_words(payment, tr),
    )
    pay = Button(text=tr.gettext("💳 Pay {amount}", amount=tr.money(payment.amount)), pays=True)
    title = cut_title(payment.provider_text or payment.description)
    invoice = Invoice(title=title, payload=str(payment.id), stars=payment.amount.minor)
    return Screen(text=text, rows=((pay,), *rows), invoice=invoice)


def _bought(payment: PaymentView, tr: Translator) -> list[Html]:
    amount = tr.money(payment.amount)
    if payment.plan_id is not None:
        what = tr.html("<b>🎟 {what}: {amount}</b>", what=bought_words(payment), amount=amount)
        consent = payment.consent or {}
        agreed = [tr.html("🔁 {consent}", consent=consent["text"])] if consent.get("text") else []
        return [what, *agreed]
    brings = tr.html(
        "It brings <b>{credits}</b>{term}.", credits=tr.credits(payment.credits), term=term_words(payment, tr)
    )
    return [tr.html("<b>💳 Top-up: {amount}</b>", amount=amount), brings]


def payments_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🧾 My payments"), action=buttons.PAYMENTS)


def _amount_button(money: Money, goods: Goods, nonce: str, tr: Translator) -> Button:
    choice = Choice(kind=AMOUNT, number=money.minor, nonce=nonce, provider=goods.named)
    brings = tr.amount(goods.pricing.credits_for(money))
    return Button(text=f"{tr.money(money)} → {brings}", action=f"{buttons.TOPUP}:{choice}")


def _package_button(package: PackageView, goods: Goods, nonce: str, tr: Translator) -> Button:
    choice = Choice(kind=PACKAGE, number=package.id, nonce=nonce, provider=goods.named)
    price = f" · {tr.money(package.price)}"
    title = cut_plain(tr.pick(package.title), BUTTON - len(price) - 3)
    return Button(text=f"🎁 {title}{price}", action=f"{buttons.TOPUP}:{choice}")


def _package_line(package: PackageView, tr: Translator) -> Html:
    return tr.html(
        "🎁 {title}: <b>{credits}</b> for {price}{term}",
        title=tr.pick(package.title),
        credits=tr.credits(package.credits),
        price=tr.money(package.price),
        term=term_words(package, tr),
    )
