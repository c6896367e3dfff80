"""What is wrong with a model, in the language of whoever has to mend it. Rows keep it in English, with the server's own
words in it: those are quoted as they are, a sentence that is not ours too."""

import re
from typing import Final

from i18n.guesses import guess_words
from i18n.problem_sentences import FIXES, PROBLEMS
from i18n.sentences import Sentences
from i18n.translator import Translator
from i18n.upload_sentences import TAKEN, UPLOAD_FIXES, UPLOAD_PROBLEMS


def problem_words(problem: str, tr: Translator) -> str:
    """`problem`: a sentence, or one and what would mend that; as much of them as the row could keep."""
    return _PROBLEMS.said(problem, tr) or _with_fix(problem, tr) or problem


def _with_fix(problem: str, tr: Translator) -> str | None:
    for end in re.finditer(r"\. ", problem):
        wrong, fix = problem[: end.start()], problem[end.end() :]
        if (told := _FIXES.said(fix, tr)) is not None:
            return f"{problem_words(wrong, tr)}. {told}"
    for end in reversed(list(re.finditer(r"\. ", problem))):
        if (told := _PROBLEMS.said(problem[: end.start()], tr)) is not None:
            return told + problem[end.start() :]
    return None


def _guesses(told: str, tr: Translator) -> str:
    """One after the other, as a sentence lists them."""
    return "; ".join(guess_words(each, tr) or each for each in re.split(r"(?<=\)); ", told))


def _taken(text: str, tr: Translator) -> str:
    return _TAKEN.said(text, tr) or text


_TAKEN: Final = Sentences(TAKEN)
_NESTED: Final = {
    **dict.fromkeys(("why", "said", "node"), problem_words),
    "guesses": _guesses,
    "taken": _taken,
}
"""Places that may hold sentences of ours themselves."""
_PROBLEMS: Final = Sentences((*PROBLEMS, *UPLOAD_PROBLEMS), _NESTED)
_FIXES: Final = Sentences(tuple(dict.fromkeys((*FIXES, *UPLOAD_FIXES))), _NESTED)
