"""What a model writes and Markdown would swallow, HTML and addresses that are no page's, arrives as it was written.

Signs that must stay as they are stand, while the Markdown is read, as punctuation that the text does not have: inside
code and outside it they come back as themselves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PAGE: Final = r"https?://|mailto:"
_LITERAL: Final = re.compile(
    r"\\."  # escaped by the model itself
    r"|<(?!https?://[^\s<>]*>)"  # HTML; links in angle brackets stay
    r"|\$"  # money, or LaTeX, which stays its source; a run of it took the parser quadratic time
    r"|(?<=\|)\|"  # spoilers: the library takes exponential time for some
    rf"|(?<=\])\((?!\s*(?:{_PAGE}|<https?://[^\s<>]*>))"  # calls[i](x), [name](file): no links
    r"|(?<=\]):",  # [note]: what would define a link and not be shown
    re.IGNORECASE,
)
_SIGNS: Final = "<$|(:"
_RARE: Final = "".join(map(chr, range(0x2E00, 0x2E2E)))  # punctuation of old manuscripts
_ASIDE: Final = re.compile(  # in the source, and rightly not in what is shown
    rf"(?<!\[)\]\(\s*<?(?:{_PAGE})(?:[^()\n]|\([^()\n]*\))*+\)"
    r"|^[ \t>*+\-\d.)]*(?:```|~~~).*$"  # a fence with the language
    r"|^[ \t>*+-]*\d{1,9}[.)]"  # a list's numbers, which are counted anew
    r"|\[[xX]\]"
    r"|&#?\w{1,32};",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Literal:
    markdown: str
    back: Mapping[int, str]

    def restored(self, text: str) -> str:
        """As long as before, in characters and in UTF-16 units."""
        return text.translate(self.back)


def literally(markdown: str) -> Literal | None:
    """None where the text has all the signs that could stand in: nobody writes so."""
    free = [sign for sign in _RARE if sign not in markdown][: len(_SIGNS)]
    if len(free) < len(_SIGNS):
        return None
    stand_in = dict(zip(_SIGNS, free, strict=True))
    text = _LITERAL.sub(lambda found: stand_in.get(found[0], found[0]), markdown)
    return Literal(text, {ord(sign): kept for kept, sign in stand_in.items()})


def keeps_the_words(markdown: str, shown: str) -> bool:
    """Whether the letters and digits of the source are all shown, in their order; links' addresses need not be."""
    left = iter(shown)
    return all(sign in left for sign in _ASIDE.sub(" ", markdown) if sign.isalnum())
