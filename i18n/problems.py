"""What is wrong with a model, in the language of whoever has to mend it. Rows keep it in English, with the server's own
words in it: those are quoted as they are, a sentence that is not ours too."""

import re
from collections.abc import Iterable
from typing import Final

from i18n.problem_sentences import FIXES, PROBLEMS
from i18n.translator import Translator
from i18n.upload_sentences import UPLOAD_FIXES, UPLOAD_PROBLEMS

_PLACE: Final = re.compile(r"\{(\w+)\}")
_NUMBERS: Final = ("seconds", "size", "count", "rows", "answers", "columns", "classes", "width", "height")
_SHAPES: Final = {
    **dict.fromkeys(_NUMBERS, r"[0-9.]+(?: [KMG]B)?"),
    "status": "[0-9]{3}",
    "place": r"\S+",
    "node": r"(?:the |a )?node\b.*?",
}
"""What a place may hold, so that no sentence of a server's is taken for ours."""
_OURS: Final = frozenset({"why", "said", "node"})  # may be sentences of ours themselves


def problem_words(problem: str, tr: Translator) -> str:
    """`problem`: a sentence, or one and what would mend that; as much of them as the row could keep."""
    return _of(_ALL_PROBLEMS, _PROBLEMS, problem, tr) or _with_fix(problem, tr) or problem


def _with_fix(problem: str, tr: Translator) -> str | None:
    for end in re.finditer(r"\. ", problem):
        wrong, fix = problem[: end.start()], problem[end.end() :]
        if (told := _of(_ALL_FIXES, _FIXES, fix, tr)) is not None:
            return f"{problem_words(wrong, tr)}. {told}"
    for end in reversed(list(re.finditer(r"\. ", problem))):
        if (told := _of(_ALL_PROBLEMS, _PROBLEMS, problem[: end.start()], tr)) is not None:
            return told + problem[end.start() :]
    return None


def _of(sentences: Iterable[str], patterns: Iterable[re.Pattern[str]], text: str, tr: Translator) -> str | None:
    for sentence, pattern in zip(sentences, patterns, strict=True):
        if (found := pattern.fullmatch(text)) is not None:
            return tr.gettext(sentence, **{name: _part(name, said, tr) for name, said in found.groupdict().items()})
    return None


def _part(name: str, said: str, tr: Translator) -> str:
    return problem_words(said, tr) if name in _OURS else said


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _PLACE.split(sentence)  # text, name, text …
    made = (
        f"(?P<{part}>{_SHAPES.get(part, '.+?')})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile("".join(made), re.DOTALL)


_ALL_PROBLEMS: Final = (*PROBLEMS, *UPLOAD_PROBLEMS)
_ALL_FIXES: Final = tuple(dict.fromkeys((*FIXES, *UPLOAD_FIXES)))
_PROBLEMS: Final = tuple(map(_pattern, _ALL_PROBLEMS))
_FIXES: Final = tuple(map(_pattern, _ALL_FIXES))
