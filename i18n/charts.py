"""The chart that a result asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from i18n.inputs import value_words
from i18n.outputs import percent, ranked, series_decimals
from i18n.translator import Translator
from services.charts import Band, Bar, Bars, Chart, Line
from services.manifests.manifest import ClassesOutput, Manifest, SeriesInput, SeriesOutput
from services.values.errors import InvalidValue
from services.values.series import load_source, numbers_of

BARS: Final = 10
PAST: Final = 6  # the history shown is so many times longer than what is predicted

Json = Mapping[str, Any]  # Any: JSON of a result


def chart_of(manifest: Manifest, inputs: Json, outputs: Json, folder: Path, tr: Translator) -> Chart | None:
    """The first chart of the manifest that the result has data for. Reads a file of the model's `folder` for the
    history of a series that came with the model: call it in a thread."""
    for output in manifest.outputs:
        match output, outputs.get(output.name):
            case ClassesOutput(chart="bars"), dict() as answer if answer.get("probabilities"):
                return _bars(output, answer, tr)
            case SeriesOutput(chart="line"), [float() | int(), *_] as answer:
                return _line(output, answer, tr)
            case SeriesOutput(chart="band"), [[_, _, _], *_] as answer:
                past, name = _history(manifest, output, inputs, folder, tr)
                return _band(output, answer, past, name, tr)
    return None


def _bars(output: ClassesOutput, answer: Json, tr: Translator) -> Bars:
    likeliest = ranked(output, answer, tr, most=min(output.top or BARS, BARS))
    worth = sum(share >= 0.01 for _, share in likeliest)
    shown = likeliest if output.top else likeliest[: max(worth, 3)]
    bars = tuple(Bar(label=label, share=share, text=percent(share, 0, tr)) for label, share in shown)
    return Bars(title=tr.pick(output.label), bars=bars)


def _line(output: SeriesOutput, answer: Sequence[float], tr: Translator) -> Line:
    decimals = series_decimals(output, answer)
    return Line(
        title=_titled(output, tr),
        values=tuple(answer),
        x_label=tr.gettext("steps ahead"),
        write=tr.axis(decimals),
    )


def _band(
    output: SeriesOutput, answer: Sequence[Sequence[float]], known: Sequence[float], name: str, tr: Translator
) -> Band:
    low, middle, high = (tuple(row[column] for row in answer) for column in range(3))
    past = tuple(known[-PAST * len(answer) - 1 :])
    decimals = series_decimals(output, (*past, *low, *high))
    title = _titled(output, tr)
    return Band(
        title=f"{title}: {name}" if name else title,
        history=past,
        low=low,
        middle=middle,
        high=high,
        history_label=tr.gettext("so far"),
        middle_label=tr.gettext("middle"),
        band_label=tr.pick(output.quantiles) if output.quantiles is not None else tr.gettext("band"),
        x_label=tr.gettext("steps, 0 is the last known one"),
        write=tr.axis(decimals),
    )


def _history(
    manifest: Manifest, output: SeriesOutput, inputs: Json, folder: Path, tr: Translator
) -> tuple[Sequence[float], str]:
    """The series that the band continues, and its name where it came with the model."""
    field = next((each for each in manifest.inputs if each.name == output.history), None)
    match field, inputs.get(output.history or ""):
        case SeriesInput(), {"source": str(source)} if any(source == each.value for each in field.sources):
            try:
                return load_source(folder, field, source), value_words(field, {"source": source}, tr)
            except (OSError, InvalidValue):  # the file has changed since: the band is drawn alone
                return (), ""
        case SeriesInput(), value if (values := numbers_of(value)) is not None:
            return values, ""
    return (), ""


def _titled(output: SeriesOutput, tr: Translator) -> str:
    label = tr.pick(output.label)
    return label if output.unit is None else f"{label}, {tr.pick(output.unit)}"
