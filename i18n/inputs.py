"""Answers, bounds and examples of a form in words. All plain text: the caller escapes it."""

import datetime as dt
from collections.abc import Mapping, Sequence

from i18n.text import cut_plain
from i18n.translator import Translator
from services.manifests.inputs import Bounded
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    Manifest,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.market.origin import PriceOrigin, origin_of
from services.market.prices import Instrument
from services.values.kept_files import ids_in
from services.values.parse import Value, example_value
from services.values.ranges import plain
from services.values.samples import sample_value
from services.values.series import numbers_of

SHOWN = 100  # characters of a text among other answers
ENDLESS = 1e12
NARROW = 65_535  # a bound of the tensor's type that somebody may meet


def value_words(field: Input, value: Value, tr: Translator) -> str:
    """An answer as its customer reads it. A value that does not fit the field is shown as it is."""
    text = str(value)
    match field, value:
        case NumberInput() | IntegerInput(), int() | float() if not isinstance(value, bool):
            text = with_unit(field, figure(field, value, tr), tr)
        case BooleanInput(), bool():
            text = tr.gettext("Yes") if value else tr.gettext("No")
        case ChoiceInput(), str():
            text = next((tr.pick(option.label) for option in field.options if option.value == value), value)
        case DateInput(), str() if (day := _day(value)) is not None:
            text = tr.day(day)
        case SeriesInput(), {"source": str(name)}:
            text = next((tr.pick(source.label) for source in field.sources if source.value == name), name)
        case SeriesInput(), _ if (numbers := numbers_of(value)) and _is_figure(numbers[-1]):
            text = _series_words(field, numbers, value if isinstance(value, dict) else {}, tr)
        case TableInput(), {"rows": list() as rows}:
            text = tr.ngettext("a table of {n} line", "a table of {n} lines", len(rows))
        case (ImageInput() | ImagesInput() | SoundInput(), _):
            text = _files_words(field, value, tr)
    return cut_plain(text, SHOWN if origin_of(value) is None else 2 * SHOWN)


def _files_words(field: Input, value: Value, tr: Translator) -> str:
    if isinstance(field, ImagesInput):
        return tr.ngettext("{n} picture", "{n} pictures", len(ids_in(value)))
    return tr.gettext("a sound") if isinstance(field, SoundInput) else tr.gettext("a picture")


def answers_words(manifest: Manifest, answers: Mapping[str, Value], tr: Translator) -> str:
    """All of them in a line; empty where there are none."""
    known = [(field, answers[field.name]) for field in manifest.inputs if field.name in answers]
    return ", ".join(f"{tr.pick(field.label)}: {value_words(field, value, tr)}" for field, value in known)


def _series_words(field: SeriesInput, numbers: Sequence[float], told: Mapping[str, object], tr: Translator) -> str:
    """How many numbers, of how many, from which column."""
    if (origin := origin_of(told)) is not None:
        return _paper_words(origin, len(numbers), tr)
    n, last = len(numbers), with_unit(field, figure(field, numbers[-1], tr), tr)
    if isinstance(rows := told.get("rows"), int):
        text = tr.ngettext(
            "{n} value of {rows}, the last {last}",
            "the last {n} values of {rows}, at the end {last}",
            n,
            rows=rows,
            last=last,
        )
    else:
        text = tr.ngettext("{n} value, the last {last}", "{n} values, the last {last}", n, last=last)
    match told.get("column"):
        case str(name):
            return tr.gettext("{numbers}, column “{name}”", numbers=text, name=cut_plain(name, 24))
        case int(number):
            return tr.gettext("{numbers}, column {n}", numbers=text, n=number)
    return text


def paper_words(paper: Instrument) -> str:
    return f"{paper.symbol} ({cut_plain(paper.name, 30)})" if paper.name else paper.symbol


def _paper_words(origin: PriceOrigin, n: int, tr: Translator) -> str:
    """Which paper, of which days, and what was done with its prices."""
    paper = origin.instrument
    days = tr.ngettext(
        "{symbol} ({name}), {n} close from {first} to {last}",
        "{symbol} ({name}), {n} closes from {first} to {last}",
        n,
        symbol=paper.symbol,
        name=cut_plain(paper.name, 30),
        first=tr.day(origin.first),
        last=tr.day(origin.last),
    )
    if origin.stale:
        return tr.gettext("{prices}; the exchange does not answer, so no newer ones", prices=days)
    return tr.gettext("{prices}; a split is divided out", prices=days) if origin.splits else days


def change_words(change: float, tr: Translator) -> str:
    """A share as per cent with its sign."""
    sign = "+" if change > 0 else "−"
    return f"{sign}{tr.number(abs(change) * 100, 0)}\u00a0%"


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def figure(field: Input, value: float, tr: Translator) -> str:
    """A number with the field's decimals, or with as many as it takes to show the same number."""
    decimals = field.decimals if isinstance(field, NumberInput) else 2
    return tr.figure(value, decimals if round(value, decimals) == value else 12)


def with_unit(field: Bounded, text: str, tr: Translator) -> str:
    return text if field.unit is None else f"{text}\u00a0{cut_plain(tr.pick(field.unit), 20)}"


def allowed(field: Input, tr: Translator) -> str:
    """What may be answered, in a sentence or none."""
    match field:
        case SeriesInput() | TableInput():
            return _series(field, tr) if isinstance(field, SeriesInput) else _table(field, tr)
        case Bounded():
            return _bounds(field, tr)
        case DateInput():
            low, high = (day and tr.day(day) for day in field.span)
            return _range(low or "", "", high or "", tr) or tr.gettext("Day, month and year.")
        case TextInput():
            n = field.max_length
            return tr.ngettext("Up to {n} character.", "Up to {n} characters.", n)
        case ImageInput() | ImagesInput() | SoundInput():
            return _of_file(field, tr)
    return ""


def example_words(field: Input, tr: Translator) -> str:
    """The manifest's example as it may be typed, or nothing."""
    value = example_value(field)
    match field, value:
        case (
            (_, None) | (_, dict()) | (ChoiceInput() | BooleanInput() | ImageInput() | ImagesInput() | SoundInput(), _)
        ):
            return ""
        case SeriesInput(), [*values]:
            return " ".join(figure(field, float(each), tr) for each in values[:5]) + (" …" if len(values) > 5 else "")
        case Bounded(), int() | float():
            return figure(field, value, tr)
    return value_words(field, value, tr) if value is not None else ""


def example_row(fields: tuple[Input, ...], tr: Translator) -> str:
    """A line that answers all these inputs at once and may be sent as it is."""
    parts = [_typed(field, tr) for field in fields]
    clean = not any(c.isspace() or c in ",;" for part in parts for c in part)
    return (" " if clean else "; ").join(parts)


def _typed(field: Input, tr: Translator) -> str:
    value = sample_value(field)
    match field, value:
        case BooleanInput(), bool():
            return value_words(field, value, tr).lower()
        case Bounded(), int() | float():
            return plain(value)
        case ChoiceInput(), str():
            label = next(tr.pick(option.label) for option in field.options if option.value == value)
            return value if any(c in ";\n\t" for c in label) else label
    return str(value)


def _bounds(field: Bounded, tr: Translator) -> str:
    """Without the unit, which stands beside the title, and without bounds that nobody meets."""
    given = field.narrowed(told=NARROW)
    low, above, high = ("" if b is None or abs(b) >= ENDLESS else tr.figure(b, 12) for b in given)
    return _range(low, above, high, tr)


def _range(low: str, above: str, high: str, tr: Translator) -> str:
    match bool(low), bool(above), bool(high):
        case True, _, True:
            return tr.gettext("From {low} to {high}.", low=low, high=high)
        case True, _, False:
            return tr.gettext("At least {low}.", low=low)
        case False, True, True:
            return tr.gettext("Above {low}, up to {high}.", low=above, high=high)
        case False, True, False:
            return tr.gettext("Above {low}.", low=above)
        case False, False, True:
            return tr.gettext("Up to {high}.", high=high)
    return ""


def _of_file(field: ImageInput | ImagesInput | SoundInput, tr: Translator) -> str:
    if isinstance(field, ImagesInput):
        return _counted(field, tr)
    if isinstance(field, SoundInput):
        return _lengths(field, tr)
    if not field.prepare.reduces:
        return ""
    most = tr.number(field.prepare.most, 0)
    return tr.gettext("If a side is longer than {most} points, the picture is made smaller.", most=most)


def _counted(field: ImagesInput, tr: Translator) -> str:
    low, high = field.min_count, field.max_count
    if low == high:
        return tr.ngettext("{n} picture.", "{n} pictures.", high)
    return tr.ngettext("From {low} to {n} picture.", "From {low} to {n} pictures.", high, low=low)


def _lengths(field: SoundInput, tr: Translator) -> str:
    least, most = tr.figure(field.min_seconds, 1), tr.figure(field.max_seconds, 1)
    if field.min_seconds:
        return tr.gettext("From {least} to {most} seconds.", least=least, most=most)
    return tr.gettext("Up to {most} seconds.", most=most)


def _table(field: TableInput, tr: Translator) -> str:
    columns = ", ".join(tr.pick(column.label) for column in field.columns)
    wanted = tr.gettext("Columns: {columns}.", columns=cut_plain(columns, 600))
    if field.min_rows == field.max_rows:
        return f"{wanted} " + tr.ngettext("{n} line.", "{n} lines.", field.min_rows)
    return f"{wanted} " + tr.gettext("From {low} to {high} lines.", low=field.min_rows, high=field.max_rows)


def _series(field: SeriesInput, tr: Translator) -> str:
    n = field.min_length
    wanted = tr.ngettext("At least {n} number, oldest first.", "At least {n} numbers, oldest first.", n)
    each = _bounds(field, tr)
    if not each:
        return wanted
    return f"{wanted} " + tr.gettext("Each of them: {range}", range=each[:1].lower() + each[1:])
