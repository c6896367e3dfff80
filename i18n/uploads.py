"""Versions of uploaded models in words."""

from typing import Final

from db.tables.models import VersionStatus
from i18n.guesses import guess_words
from i18n.inputs import allowed
from i18n.problems import problem_words
from i18n.text import cut_plain, sentence
from i18n.translator import Translator
from services.errors import N_
from services.manifests.manifest import ChoiceInput, Input
from services.models.uploads.versions import VersionView

OPTIONS_SHOWN: Final = 60  # characters
STATES: Final = {
    VersionStatus.RECEIVED: N_("🔎 It is being looked at. What was found will come here."),
    VersionStatus.CHECKED: N_("🧪 A draft: customers do not see it."),
    VersionStatus.REFUSED: N_("⛔ It cannot be sold."),
    VersionStatus.PUBLISHED: N_("🟢 On sale"),
    VersionStatus.RETIRED: N_("⚪ It was on sale before."),
    VersionStatus.DISCARDED: N_("🗑 Discarded"),
}
MARKS: Final = {
    VersionStatus.RECEIVED: "🔎",
    VersionStatus.CHECKED: "🧪",
    VersionStatus.REFUSED: "⛔",
    VersionStatus.PUBLISHED: "🟢",
    VersionStatus.RETIRED: "⚪",
    VersionStatus.DISCARDED: "🗑",
}


LEGEND: Final = N_("🟢 on sale, ⚪ was on sale before, 🧪 a draft, 🔎 being looked at, ⛔ refused")
LEGEND_OF_DRAFTS: Final = N_("Files that were sent: 🧪 a draft, 🔎 being looked at, ⛔ refused")


def question_words(field: Input, tr: Translator) -> str:
    """What a customer may answer: bounds, or the options."""
    if isinstance(field, ChoiceInput):
        return cut_plain(", ".join(tr.pick(option.label) for option in field.options), OPTIONS_SHOWN)
    return allowed(field, tr)


def title_of_version(version: VersionView, tr: Translator) -> str:
    title = version.title
    return title.get(tr.language) or next(iter(title.values()), version.sent_name)


def refusal_words(version: VersionView, tr: Translator) -> str:
    """What is wrong with a file, and what would mend it."""
    problem = f"{version.report.get('problem', '')}. {version.report.get('fix', '')}".strip(". ")
    return sentence(problem_words(problem, tr))


def found_words(version: VersionView, tr: Translator, most: int) -> list[str]:
    """What was changed in a file and guessed of it, a line each."""
    lines = [*version.report.get("changes", ()), *version.report.get("notes", ())][:most]
    return [guess_words(each, tr) or sentence(problem_words(each, tr)) for each in lines]
