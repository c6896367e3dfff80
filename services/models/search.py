"""Which models a customer means who types instead of choosing."""

from services.manifests.schema import Text
from services.models.offers import Offer


def named_in(text: str, offers: list[Offer]) -> list[Offer]:
    """Offers whose title shares a word with the text, in any language and grammatical case."""
    words = _words(text)
    return [offer for offer in offers if any(_alike(a, b) for a in words for b in _words(_titles(offer)))]


def _titles(offer: Offer) -> str:
    titles = offer.title.root if isinstance(offer.title, Text) else offer.title
    return " ".join([offer.slug.replace("-", " "), *map(str, titles.values())])


def _words(text: str) -> set[str]:
    letters = "".join(c if c.isalnum() else " " for c in text[:200].casefold())
    return {word for word in letters.split() if len(word) > 3}


def _alike(one: str, other: str) -> bool:
    """The same but for an ending."""
    shared = min(len(one), len(other)) - 1
    return one[:shared] == other[:shared] and abs(len(one) - len(other)) < 4
