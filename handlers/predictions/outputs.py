"""A model's answers in words. Results may be older than today's manifest: what does not fit it is left out."""

from collections.abc import Iterator, Mapping
from typing import Final

from i18n.outputs import Answer, amount, decimals_of, percent, ranked, series_decimals
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.manifests.manifest import (
    ClassesOutput,
    ImageOutput,
    Manifest,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    TextOutput,
)
from services.predictions.enclosures import WORDS, fits_a_line

OTHERS: Final = 4  # classes named after the first


def outputs_html(manifest: Manifest, outputs: Mapping[str, Answer], tr: Translator, *, helped: int) -> Html:
    """Every answer with its label; of the first `helped` of them also what it means."""
    pictures = [output for output in manifest.outputs if isinstance(output, ImageOutput)]
    pictured = pictures[0] if len(pictures) > 1 else None  # the others come below, with theirs
    parts = []
    for position, output in enumerate(manifest.outputs):
        lines = list(_lines(output, outputs.get(output.name), tr))
        if output is pictured:
            lines.append(Html(f"🖼 {tr.escape(tr.pick(output.label))}"))
        if lines and position < helped and output.help is not None:
            lines.append(Html(f"<i>{tr.escape(tr.pick(output.help))}</i>"))
        if lines:
            parts.append("\n".join(lines))
    gap = "\n\n" if any("\n" in part for part in parts) else "\n"
    return Html(gap.join(parts))


def _lines(output: Output, answer: Answer, tr: Translator) -> Iterator[Html]:
    label = tr.pick(output.label)
    match output, answer:
        case NumberOutput(), int() | float():
            yield _said(label, amount(answer, decimals_of(output.decimals, [answer]), output.unit, tr), tr)
        case ProbabilityOutput(), int() | float():
            yield _said(label, percent(answer, output.decimals, tr), tr)
        case TextOutput(), str():
            yield _said(label, cut_plain(tr.label(output.label_of(answer, tr.language)), WORDS), tr)
        case ClassesOutput(), dict() if answer.get("probabilities"):
            yield from _classes(output, answer, tr)
        case SeriesOutput(), [_, *_]:
            yield _said(label, _series(output, answer, tr), tr)


def _told_apart(value: float, common: int, output: SeriesOutput) -> int:
    """More decimals for a number that would read as nothing beside larger ones."""
    nothing = abs(value) < 10.0**-common / 2
    return max(common, decimals_of(output.decimals, [value])) if nothing else common


def _said(label: str, value: str, tr: Translator) -> Html:
    return Html(f"{tr.escape(label)}: <b>{tr.escape(value)}</b>")


def _classes(output: ClassesOutput, answer: Mapping[str, Answer], tr: Translator) -> Iterator[Html]:
    (top, share), *others = ranked(output, answer, tr, most=output.top or OTHERS + 1)
    yield Html(f"{tr.escape(tr.pick(output.label))}: <b>{tr.escape(top)}</b>, {tr.escape(percent(share, 0, tr))}")
    few = output.top is not None or len(answer["probabilities"]) <= OTHERS
    named = others if few else [other for other in others if other[1] >= 0.01]
    if named:
        yield tr.escape(" · ".join(f"{label} {percent(share, 0, tr)}" for label, share in named))


def _series(output: SeriesOutput, answer: list[Answer], tr: Translator) -> str:
    """The numbers themselves where a line takes them, else in words; a file has the rest."""
    numbers = answer if not isinstance(answer[0], list) else [number for row in answer for number in row]
    decimals = series_decimals(output, numbers)

    def write(value: float) -> str:
        return amount(value, decimals, output.unit, tr)

    if not isinstance(answer[0], list) and fits_a_line(answer):
        unit = "" if output.unit is None else f"\u00a0{tr.pick(output.unit)}"
        common = decimals_of(output.decimals, answer)
        return " · ".join(amount(value, _told_apart(value, common, output), None, tr) for value in answer) + unit
    if isinstance(answer[0], list):
        low, middle, high = answer[-1]
        if output.quantiles is None:
            text = tr.gettext("at the end {middle} (from {low} to {high})")
        else:
            text = tr.gettext("at the end {middle} ({band}: from {low} to {high})")
        band = "" if output.quantiles is None else tr.pick(output.quantiles)
        return text.format(middle=write(middle), low=write(low), high=write(high), band=band)
    return tr.gettext(
        "begins at {first}, ends at {last}, lowest {low}, highest {high}",
        first=write(answer[0]),
        last=write(answer[-1]),
        low=write(min(answer)),
        high=write(max(answer)),
    )
