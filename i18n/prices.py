"""Prices in words. `price` in hundredths of a credit."""

from i18n.translator import Translator


def price_words(price: int, tr: Translator) -> str:
    return tr.credits(price) if price else tr.gettext("free")


def buy_words(price: int, tr: Translator, *, paints: bool) -> str:
    """On the button. `paints`: the answer is nothing but pictures."""
    words = tr.credits(price)
    if paints:
        return tr.gettext("🎨 Paint for {price}", price=words) if price else tr.gettext("🎨 Paint for free")
    return tr.gettext("🔮 Predict for {price}", price=words) if price else tr.gettext("🔮 Predict for free")
