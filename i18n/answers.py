"""A model's answers in words, one by one. Results may be older than today's manifest: what does not fit it is left out.
All plain text: the caller escapes it."""

from collections.abc import Iterator, Mapping
from typing import Final

from i18n.many import embedding_words, table_words
from i18n.outputs import Answer, amount, decimals_of, percent, ranked, series_decimals
from i18n.overlays import found_words, mask_words
from i18n.told import Told
from i18n.translator import Translator
from services.manifests.labels import NAMELESS
from services.manifests.manifest import (
    BoxesOutput,
    ClassesOutput,
    EmbeddingOutput,
    Manifest,
    MaskOutput,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    SoundOutput,
    TableOutput,
    TextOutput,
)
from services.manifests.outputs import PLACEHOLDER
from services.predictions.enclosures import fits_a_line
from services.values.sounds import clock_time

OTHERS: Final = 4  # classes named after the first


def advice_text(manifest: Manifest, result: Mapping[str, Answer], tr: Translator) -> str:
    """The rule that held, with what it says of the answers; nothing where the manifest has no such rule any more."""
    advice, outputs = result.get("advice"), result.get("outputs", {})
    if not (isinstance(advice, int) and 0 <= advice < len(manifest.advice)):
        return ""
    words = {
        output.name: line.value
        for output in manifest.outputs
        if (line := told(output, outputs.get(output.name), tr)) is not None
    }
    return PLACEHOLDER.sub(lambda found: words.get(found[1], "—"), tr.pick(manifest.advice[advice].text))


def told(output: Output, answer: Answer, tr: Translator) -> Told | None:
    label = tr.pick(output.label)
    match output, answer:
        case NumberOutput(), int() | float():
            return Told(label=label, value=amount(answer, decimals_of(output.decimals, [answer]), output.unit, tr))
        case ProbabilityOutput(), int() | float():
            return Told(label=label, value=percent(answer, output.decimals, tr))
        case TextOutput(), str():
            return Told(label=label, value=tr.label(output.label_of(answer, tr.language) or NAMELESS), written=True)
        case ClassesOutput(), dict() if answer.get("probabilities"):
            return _classes(output, answer, tr)
        case SeriesOutput(), [_, *_]:
            return Told(label=label, value=_series(output, answer, tr))
    return _many(output, answer, tr)


def _many(output: Output, answer: Answer, tr: Translator) -> Told | None:
    match output, answer:
        case SoundOutput(), int() | float():
            return Told(label=tr.pick(output.label), value=clock_time(answer))
        case EmbeddingOutput(), [_, *_]:
            return embedding_words(output, answer, tr)
        case TableOutput(), {"columns": list(), "rows": list()}:
            return table_words(output, answer, tr)
        case BoxesOutput(), {"found": int(), "boxes": list()}:
            return found_words(output, answer, tr)
        case MaskOutput(), {"share": _} | {"shares": _}:
            return mask_words(output, answer, tr)
    return None


def told_answers(manifest: Manifest, outputs: Mapping[str, Answer], tr: Translator) -> Iterator[tuple[Output, Told]]:
    """Those that can be told; pictures cannot."""
    for output in manifest.outputs:
        if (words := told(output, outputs.get(output.name), tr)) is not None:
            yield output, words


def _classes(output: ClassesOutput, answer: Mapping[str, Answer], tr: Translator) -> Told:
    (top, share), *others = ranked(output, answer, tr, most=output.top or OTHERS + 1)
    few = output.top is not None or len(answer["probabilities"]) <= OTHERS
    named = others if few else [other for other in others if other[1] >= 0.01]
    return Told(
        label=tr.pick(output.label),
        value=top,
        aside=percent(share, 0, tr),
        others=" · ".join(f"{label} {percent(share, 0, tr)}" for label, share in named),
    )


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


def _told_apart(value: float, common: int, output: SeriesOutput) -> int:
    """More decimals for a number that would read as nothing beside larger ones."""
    nothing = abs(value) < 10.0**-common / 2
    return max(common, decimals_of(output.decimals, [value])) if nothing else common
