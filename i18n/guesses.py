"""What was guessed of a file and changed in it, as rows keep it, in the language of who sells it."""

import re
from typing import Final

from i18n.guess_sentences import CHANGES, KINDS, REASONS, SETTINGS, TAKEN_FOR
from i18n.sentences import Sentences
from i18n.translator import Translator

_TENSOR: Final = r'(?P<tensor>[\w./:-]+|…|"(?:[^"\\]|\\.)*")'
_GUESS: Final = re.compile(rf"{_TENSOR}: (?P<what>.+?) \(guessed: (?P<why>.+)\)", re.DOTALL)
_FACT: Final = re.compile(rf"{_TENSOR}: (?P<what>.+?) \((?P<why>.+)\)", re.DOTALL)
_COUNTED: Final = re.compile(r"(?P<kind>.+?)(?: \((?P<count>[0-9]+)\))?")


def guess_words(line: str, tr: Translator) -> str | None:
    """None where it is neither a guess nor a change."""
    if (changed := _CHANGES.said(line, tr)) is not None:
        return changed
    guess = _GUESS.fullmatch(line)
    if (found := guess or _FACT.fullmatch(line)) is None or (what := _TAKEN_FOR.said(found["what"], tr)) is None:
        return None
    why = _why(found["why"], tr)
    if guess is not None:
        return tr.gettext("{tensor}: {what}. A guess: {why}", tensor=found["tensor"], what=what, why=why)
    return tr.gettext("{tensor}: {what} ({why})", tensor=found["tensor"], what=what, why=why)


def _why(why: str, tr: Translator) -> str:
    """Reasons, one after the other; what is none of ours is quoted."""
    return "; ".join(_REASONS.said(each, tr) or each for each in why.split("; "))


def _kinds(kinds: str, tr: Translator) -> str:
    """What columns are answered by, with how many of each where they differ."""
    return ", ".join(_kind(each, tr) for each in kinds.split(", "))


def _kind(text: str, tr: Translator) -> str:
    found = _COUNTED.fullmatch(text)
    assert found is not None
    kind = _KINDS.said(found["kind"], tr) or found["kind"]
    return f"{kind} ({found['count']})" if found["count"] else kind


def _setting(text: str, tr: Translator) -> str:
    return _SETTINGS.said(text, tr) or text


_CHANGES: Final = Sentences(CHANGES)
_REASONS: Final = Sentences(REASONS)
_KINDS: Final = Sentences(KINDS)
_SETTINGS: Final = Sentences(SETTINGS)
_TAKEN_FOR: Final = Sentences(TAKEN_FOR, {"kinds": _kinds, "setting": _setting})
