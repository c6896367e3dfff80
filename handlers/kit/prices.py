"""Prices as more than one feature says them."""

from i18n.translator import Html, Translator


def price_of_all(each: int, count: int, tr: Translator) -> Html:
    """Of several pictures that are bought at once. `each`: in hundredths of a credit."""
    return tr.nhtml(
        "{n} picture, each for {each}. Price: <b>{price}</b>",
        "{n} pictures, each for {each}. Price: <b>{price}</b>",
        count,
        each=tr.credits(each),
        price=tr.credits(each * count),
    )
