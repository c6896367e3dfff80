"""What a form on a page holds for each question: typed, chosen, or kept from before.

Names of a question's fields in a request: `<name>`, what was typed or sent; `<name>-source`, a series that came with
the model, `live` or `own`; `<name>-ticker`, what may name a paper; `<name>-paper`, one that was found, as `paper_key`
writes it; `<name>-seen`, the prices of it that were shown, as `seen_key` does; `<name>-column`, of a table;
`<name>-kept`, where the answer is: `file:<hex>` of the customer's own file (of several pictures once for each),
`prediction:<hex>` of what they bought before, `example`, the model's own; `<name>-more`, files of further pictures.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from services.manifests.manifest import FileInput, ImageInput, ImagesInput, Input, SeriesInput, TableInput
from services.market.origin import PriceOrigin, origin_of
from services.market.prices import Instrument
from services.models.asking import fits
from services.models.offers import Offer
from services.predictions.history import PredictionView
from services.values.parse import Value, default_value, example_value
from services.values.ranges import plain

OWN: Final = "own"
LIVE: Final = "live"
EXAMPLE: Final = "example"
FILE: Final = "file:"
BOUGHT: Final = "prediction:"
LISTED: Final = 2000  # so many numbers stand in a form; more are kept where they are
MOST_QUERY: Final = 1500  # characters of an address that brings a form back


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEntry:
    """`columns`, `papers`: one of them has to be chosen; `more`: ids of further pictures' files, each of which is
    bought with the same answers; `value` once it is read. With a `problem` nothing is sold, even where there is a
    value."""

    text: str = ""
    source: str = ""
    kept: str = ""
    column: int | None = None
    more: Sequence[str] = ()
    columns: Sequence[tuple[int, str]] = ()
    ticker: str = ""
    paper: str = ""
    seen: str = ""
    papers: Sequence[Instrument] = ()
    value: Value | None = None
    problem: Exception | None = None


Entries = dict[str, FormEntry]


def takes_albums(offer: Offer) -> bool:
    """Several pictures at once are as many predictions: of a model that asks for one."""
    inputs = offer.manifest.inputs
    lists = any(isinstance(field, ImagesInput) for field in inputs)
    return not lists and sum(isinstance(field, ImageInput) for field in inputs) == 1


def entries_of(fields: Sequence[Input], told: Mapping[str, Any]) -> Entries:  # Any: texts, and files, which are no text
    """As a request names them."""
    return {
        field.name: FormEntry(
            text=_text(told, field.name),
            source=_text(told, f"{field.name}-source"),
            kept=_kept(told, field),
            column=_number(_text(told, f"{field.name}-column")),
            more=_text(told, f"{field.name}-more").split(),
            ticker=_text(told, f"{field.name}-ticker").strip(),
            paper=_text(told, f"{field.name}-paper"),
            seen=_text(told, f"{field.name}-seen"),
        )
        for field in fields
    }


def fresh(fields: Sequence[Input], *, example: bool = False) -> Entries:
    """With the manifest's defaults; with `example` its examples, where it has them."""
    return {field.name: _exemplary(field) if example else _entry(field, default_value(field)) for field in fields}


def bought(fields: Sequence[Input], view: PredictionView) -> Entries:
    """As it was bought; what fits no more is as in a fresh form."""
    return {
        field.name: _entry(field, value, view)
        if (value := view.inputs.get(field.name)) is not None and fits(field, value)
        else _entry(field, default_value(field))
        for field in fields
    }


def query_of(entries: Entries) -> str:
    """The address's part that brings them back, as far as an address goes."""
    pairs: list[tuple[str, str]] = []
    for name, entry in entries.items():
        column = "" if entry.column is None else str(entry.column)
        each = {name: entry.text, f"{name}-source": entry.source, f"{name}-kept": entry.kept, f"{name}-column": column}
        each |= {f"{name}-ticker": entry.ticker, f"{name}-paper": entry.paper}
        more = [(key, text) for key, text in each.items() if text]
        if len(urlencode(pairs + more)) <= MOST_QUERY:
            pairs += more
    return urlencode(pairs)


def _text(told: Mapping[str, Any], name: str) -> str:  # Any: as above
    """Lines end as people type them, which counts for lengths."""
    text = told.get(name)
    return text.replace("\r\n", "\n") if isinstance(text, str) else ""


def _kept(told: Mapping[str, Any], field: Input) -> str:  # Any: as above
    """Of several pictures all that are still ticked."""
    name = f"{field.name}-kept"
    if not isinstance(field, ImagesInput) or not isinstance(told, ImmutableMultiDict):
        return _text(told, name)
    texts = [each for each in told.getlist(name) if isinstance(each, str)]
    return EXAMPLE if EXAMPLE in texts else kept_as([each for text in texts for each in kept_ids(text)])


def kept_ids(kept: str) -> list[str]:
    """Of files, as `FormEntry.kept` names them."""
    return [each for each in kept.removeprefix(FILE).split(",") if each] if kept.startswith(FILE) else []


def kept_as(ids: Sequence[str]) -> str:
    return f"{FILE}{','.join(ids)}" if ids else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _exemplary(field: Input) -> FormEntry:
    if isinstance(field, FileInput | TableInput):
        return FormEntry(kept=EXAMPLE) if field.example else FormEntry()
    value = example_value(field)
    return _entry(field, default_value(field) if value is None else value)


def _entry(field: Input, value: Any, view: PredictionView | None = None) -> FormEntry:  # Any: JSON of a row
    match value:
        case None:
            return FormEntry()
        case {"file": str(file)}:
            return FormEntry(kept=f"{FILE}{file}")
        case {"files": [*files]}:
            return FormEntry(kept=kept_as(files))
        case _ if isinstance(field, SeriesInput):
            return _series(value, view)
        case {"columns": list(), "rows": list()}:
            text = lines_of(value)
            return FormEntry(text=text, kept="" if text or view is None else f"{BOUGHT}{view.id.hex}")
    return FormEntry(text=_words(value))


def _series(value: Any, view: PredictionView | None) -> FormEntry:  # Any: as above
    match value:
        case {"source": str(source)}:
            return FormEntry(source=source)
        case {"live": dict()} if (origin := origin_of(value)) is not None:
            paper = origin.instrument
            return FormEntry(source=LIVE, ticker=paper.symbol, paper=paper_key(paper))
        case list() if len(value) <= LISTED:
            return FormEntry(source=OWN, text="\n".join(map(_words, value)))
    return FormEntry(source=OWN, kept="" if view is None else f"{BOUGHT}{view.id.hex}")


def paper_key(paper: Instrument) -> str:
    """As a form brings it back."""
    return f"{paper.symbol} {paper.provider} {paper.address}".rstrip()


def seen_key(origin: PriceOrigin, values: Any) -> str:  # Any: JSON
    """What tells that just these prices were shown: which paper, which days, whether there are newer ones, and a digest
    of closes and jumps."""
    days = f"{origin.first} {origin.last}{' stale' if origin.stale else ''}"
    jumps = [(each.day.isoformat(), each.change) for each in origin.jumps]
    digest = hashlib.sha256(repr(([*map(float, values)], jumps)).encode()).hexdigest()[:12]
    return f"{paper_key(origin.instrument)} {days} {digest}"


def lines_of(table: Mapping[str, Any]) -> str:  # Any: as above
    """A table's value as it may be pasted; empty where it is long."""
    names, rows = table["columns"], table["rows"]
    if len(names) * len(rows) > LISTED:
        return ""
    return "\n".join([";".join(names), *(";".join(map(_words, row)) for row in rows)])


def _words(value: str | bool | float) -> str:
    """As it may be typed, and nothing of it lost."""
    if isinstance(value, bool | str):
        return value if isinstance(value, str) else "yes" if value else "no"
    text = plain(value)
    return text if float(text) == value else repr(value)
