"""Prices in words. `price` in hundredths of a credit."""

from typing import Final

from i18n.translator import Html, Translator
from services.errors import N_

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
