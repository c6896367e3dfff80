"""What a new version of a model changes, in words for whoever sells it. All plain text: the caller escapes it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from db.tables.models import ComparisonStatus
from db.tables.predictions import ErrorCode
from i18n.answers import told
from i18n.predictions import error_of
from i18n.problems import problem_words
from i18n.translator import Translator
from services.manifests.manifest import Manifest
from services.models.uploads.comparisons import Comparison

LONGEST: Final = 120  # characters of an answer
TIMES, MILLISECONDS = 2, 20  # a smaller difference is chance


def comparison_lines(compared: Comparison, manifest: Manifest, tr: Translator) -> list[str]:
    """`manifest`: the new version's. The first line is a heading."""
    number = compared.against.number
    match compared.status:
        case ComparisonStatus.QUEUED:
            return [tr.gettext("⚖️ It is being compared with version {number}…", number=number)]
        case ComparisonStatus.FAILED:
            problem = problem_words(compared.report.get("problem", ""), tr)
            return [
                tr.gettext("⚖️ It cannot be compared with version {number}: {problem}", number=number, problem=problem)
            ]
    return [tr.gettext("⚖️ Compared with version {number}", number=number), *_found(compared.report, manifest, tr)]


def _found(report: Mapping[str, Any], manifest: Manifest, tr: Translator) -> Iterator[str]:  # Any: JSON
    asked, same, refused = report["asked"], report["same"], report["refused"]
    answered = asked - len(refused)
    if not report["shared"]:
        yield tr.gettext("It answers other things than that version did.")
    elif answered and same == answered:
        yield tr.ngettext("{n} answer, and it is the same", "{n} answers, and all are the same", answered)
    elif answered:
        yield tr.ngettext("{same} of {n} answer is the same", "{same} of {n} answers are the same", answered, same=same)
    if report["largest"] is not None and (words := _largest(report["largest"], manifest, tr)):
        yield words
    if refused:
        yield tr.ngettext(
            "It refuses {n} input that was answered: {why}",
            "It refuses {n} inputs that were answered: {why}",
            len(refused),
            why=_refusal(refused[0], manifest, tr),
        )
    yield from _cost(report, tr)


def _largest(largest: Mapping[str, Any], manifest: Manifest, tr: Translator) -> str:  # Any: JSON
    output = next((each for each in manifest.outputs if each.name == largest["output"]), None)
    if output is None:
        return ""
    before, after = (told(output, largest[when], tr) for when in ("before", "after"))
    if before is None or after is None:
        return tr.gettext("The largest difference is in “{output}”.", output=tr.pick(output.label))
    return tr.gettext(
        "The largest difference, “{output}”: before {before}, now {after}",
        output=tr.pick(output.label),
        before=_value(before.value, before.aside),
        after=_value(after.value, after.aside),
    )


def _value(value: str, aside: str) -> str:
    text = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    return f"{text} ({aside})" if aside else text


def _refusal(refusal: Mapping[str, Any], manifest: Manifest, tr: Translator) -> str:  # Any: JSON
    asked = next((each for each in manifest.inputs if each.name == refusal["input"]), None)
    if asked is not None:
        return tr.gettext("“{question}” does not take what was answered", question=tr.pick(asked.label))
    code = ErrorCode(refusal["code"])
    return tr.gettext(error_of(code).message, seconds=f"{manifest.runtime.timeout:g}")


def _cost(report: Mapping[str, Any], tr: Translator) -> Iterator[str]:  # Any: JSON
    before, after = report["milliseconds"]
    if max(before, after) >= TIMES * min(before, after) and abs(after - before) >= MILLISECONDS:
        yield tr.gettext("An answer takes {after} ms, before {before} ms", before=before, after=after)
    before, after = report["megabytes"]
    if before is not None and after is not None:
        yield tr.gettext("Memory: {after} MB, before {before} MB", before=before, after=after)
