"""Prices in words. `price` in hundredths of a credit."""

from typing import Final

from db.tables.plans import AllowanceUnit
from i18n.translator import Html, Translator
from services.errors import N_
from services.models.offers import Offer, PlanLimit

ANOTHER_PRICE: Final = N_("The number of pictures has changed, and the price with it. Please confirm again.")


def price_words(price: int, tr: Translator) -> str:
    return tr.credits(price) if price else tr.gettext("free")


def buy_words(price: int, tr: Translator, *, paints: bool) -> str:
    """On the button. `paints`: the answer is nothing but pictures."""
    words = tr.credits(price)
    if paints:
        return tr.gettext("🎨 Paint for {price}", price=words) if price else tr.gettext("🎨 Paint for free")
    return tr.gettext("🔮 Predict for {price}", price=words) if price else tr.gettext("🔮 Predict for free")


def price_of_all(each: int, count: int, tr: Translator) -> Html:
    """Of several pictures that are bought at once. `each`: in hundredths of a credit."""
    return tr.nhtml(
        "{n} picture, each for {each}. Price: <b>{price}</b>",
        "{n} pictures, each for {each}. Price: <b>{price}</b>",
        count,
        each=tr.credits(each),
        price=tr.credits(each * count),
    )


def plan_pays(left: int, tr: Translator) -> Html:
    """`left`: so many more, this one among them."""
    return tr.nhtml(
        "Your plan pays for this: <b>{n}</b> more is left in this period.",
        "Your plan pays for this: <b>{n}</b> more are left in this period.",
        left,
    )


def plan_pays_no_table(offer: Offer, tr: Translator) -> Html:
    """Why credits pay for a table of whoever has a plan; empty where it has nothing to do with it."""
    if offer.plan_lefts:
        return tr.nhtml(
            "Your plan pays for <b>{n}</b> more row in this period. It pays for a table whole or not at all.",
            "Your plan pays for <b>{n}</b> more rows in this period. It pays for a table whole or not at all.",
            max(offer.plan_lefts),
        )
    return Html("") if offer.plan_limit is None else plan_used_up(offer.plan_limit, tr)


def plan_used_up(limit: PlanLimit, tr: Translator) -> Html:
    """When there will be more, and where there is more now."""
    amount, facts = limit.amount, {"amount": tr.number(limit.amount, 0), "date": tr.day(limit.renews_at.date())}
    if limit.unit is AllowanceUnit.TOKENS:
        words = tr.nhtml(
            "Your plan's {amount} token of this period is used up; there is a new one on {date}.",
            "Your plan's {amount} tokens of this period are used up; there are new ones on {date}.",
            amount,
            **facts,
        )
    else:
        words = tr.nhtml(
            "Your plan's {amount} request of this period is used up; there is a new one on {date}.",
            "Your plan's {amount} requests of this period are used up; there are new ones on {date}.",
            amount,
            **facts,
        )
    if limit.next_title is None:
        return words
    more = tr.html(
        "The plan “{title}” gives {amount}.",
        amount=tr.number(limit.next_amount, 0),
        title=tr.pick(limit.next_title),
    )
    return Html(f"{words} {more}")
