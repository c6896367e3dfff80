"""Sentences that rows keep in English: found again by what may stand in their places, and said in another language."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from i18n.translator import Translator

_PLACE: Final = re.compile(r"\{(\w+)\}")
_NUMBERS: Final = (
    *("seconds", "size", "count", "rows", "answers", "columns", "classes", "width", "height"),
    *("least", "most", "number"),
)
_SHAPES: Final = {
    **dict.fromkeys(_NUMBERS, r"[0-9.]+(?: [KMG]B)?"),
    "status": "[0-9]{3}",
    "place": r"\S+",
    "node": r"(?:the |a )?node\b.*?",
}
"""What a place may hold, so that no sentence of another's is taken for ours."""
Nested = Mapping[str, Callable[[str, Translator], str]]


class Sentences:
    """`nested`: by the name of a place, how what stands there is said; anything else is quoted as it is."""

    def __init__(self, sentences: Sequence[str], nested: Nested | None = None) -> None:
        self._known = [(each, _pattern(each)) for each in sentences]
        self._nested = nested or {}

    def said(self, text: str, tr: Translator) -> str | None:
        """None where it is none of these."""
        for sentence, pattern in self._known:
            if (found := pattern.fullmatch(text)) is not None:
                parts = {name: self._part(name, said, tr) for name, said in found.groupdict().items()}
                return tr.gettext(sentence, **parts)
        return None

    def _part(self, name: str, said: str, tr: Translator) -> str:
        return self._nested[name](said, tr) if name in self._nested else said


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _PLACE.split(sentence)  # text, name, text …
    made = (
        f"(?P<{part}>{_SHAPES.get(part, '.+?')})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile("".join(made), re.DOTALL)
