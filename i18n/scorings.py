"""Tables and their rows in words."""

import csv
import io
from collections.abc import Callable, Sequence

from i18n.tables import BOM
from i18n.translator import Translator
from services.scoring.source import Wording
from services.values.errors import InvalidValue


def wording_in(tr: Translator) -> Wording:
    """What is written into a result."""
    return Wording(
        language=tr.language,
        note=tr.gettext("Note"),
        not_answered=tr.gettext("The model gave no answer; this row is not paid for."),
        share=tr.gettext("probability"),
    )


def cell_words(tr: Translator) -> Callable[[str, InvalidValue], str]:
    """What is wrong with the cell of an input."""

    def say(label: str, problem: InvalidValue) -> str:
        return f"{label}: {tr.error(problem)}"

    return say


def problems_file(problems: Sequence[tuple[int, str]], tr: Translator) -> bytes:
    """CSV of all rows that cannot be taken."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([tr.gettext("row"), tr.gettext("what is wrong")])
    writer.writerows(problems)
    return text.getvalue().encode(BOM)
