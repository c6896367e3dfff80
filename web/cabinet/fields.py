"""Questions as a page draws them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from i18n.inputs import allowed, example_words, value_words
from i18n.papers import price_facts
from i18n.text import cut_plain
from i18n.translator import Translator
from services.errors import ShopError
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.market.errors import PaperWanted, PricesUnseen
from services.market.live_answers import is_asked
from services.market.prices import Instrument
from services.values.errors import ColumnWanted
from services.values.kept_files import place_of
from web.cabinet.entries import EXAMPLE, FILE, LIVE, OWN, Entries, FormEntry, kept_as, kept_ids, paper_key

FEW: Final = 6  # so many options are all seen
LINE: Final = 120  # characters of a text that one line takes
ASKING: Final = (PaperWanted, PricesUnseen, ColumnWanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """`kind`: which piece of the template draws it; `preview`: the address of a picture or a sound that is kept,
    `previews`: of several pictures, with what says in the form that each is used; `kept_words`: what else is kept,
    and the `facts` of it;
    `asks`: what has to be looked at or chosen next, which is no mistake; `template`: of a file to fill in; `papers`:
    those that were found, or that the customer took before; `attrs`: of its `<input>`."""

    name: str
    kind: str
    label: str
    help: str
    hint: str
    unit: str
    entry: FormEntry
    text: str
    problem: str
    asks: str
    options: Sequence[tuple[str, str]]
    attrs: dict[str, Any]  # Any: texts and numbers
    preview: str
    previews: Sequence[tuple[str, str]]
    kept_words: str
    facts: Sequence[str]
    template: str
    papers: Sequence[tuple[str, str]]

    @property
    def about(self) -> str:
        return " ".join(part for part in (self.help, self.hint) if part)


def field_views(
    fields: Sequence[Input], entries: Entries, slug: str, tr: Translator, favourites: Sequence[Instrument] = ()
) -> list[FieldView]:
    """`slug`: of the model that the questions are of; `favourites`: papers that may answer them."""
    return [_view(field, entries[field.name], slug, tr, favourites) for field in fields]


def _view(field: Input, entry: FormEntry, slug: str, tr: Translator, favourites: Sequence[Instrument]) -> FieldView:
    problem = cut_plain(tr.error(entry.problem), 600) if isinstance(entry.problem, ShopError) else ""
    asks = isinstance(entry.problem, ASKING)
    unit = getattr(field, "unit", None)
    return FieldView(
        name=field.name,
        kind=_kind(field),
        label=tr.pick(field.label),
        help="" if field.help is None else tr.pick(field.help),
        hint=_hint(field, tr),
        unit="" if unit is None or isinstance(field, SeriesInput) else tr.pick(unit),
        entry=entry,
        text=_text(field, entry, tr),
        problem="" if asks else problem,
        asks=problem if asks else "",
        options=_options(field, tr),
        attrs=_attrs(field),
        preview=_preview(field, entry, slug),
        previews=_previews(field, entry, slug),
        kept_words=_kept_words(field, entry, tr),
        facts=[] if entry.source != LIVE or entry.value is None else price_facts(entry.value, tr, accepted=not asks),
        template=f"/models/{slug}/templates/{field.name}.xlsx" if isinstance(field, TableInput) else "",
        papers=_papers(field, entry, favourites),
    )


def _papers(field: Input, entry: FormEntry, favourites: Sequence[Instrument]) -> list[tuple[str, str]]:
    """Favourites until something is typed or chosen."""
    if entry.papers:
        return [(paper_key(each), f"{each.symbol} · {each.name} · {each.exchange}") for each in entry.papers]
    if not isinstance(field, SeriesInput) or entry.ticker or entry.paper:
        return []
    mine = [each for each in favourites if is_asked(field, each)]
    return [(paper_key(each), f"⭐ {each.symbol} · {each.name}") for each in mine]


def _kind(field: Input) -> str:
    match field:
        case ChoiceInput(options=options):
            return "radios" if len(options) <= FEW else "choice"
        case BooleanInput():
            return "radios"
        case TextInput(max_length=longest) if longest > LINE:
            return "text"
        case SeriesInput() | ImageInput() | ImagesInput() | SoundInput() | TableInput():
            return {"image": "picture", "images": "pictures", "audio": "sound"}.get(field.type, field.type)
    return "line"


def _text(field: Input, entry: FormEntry, tr: Translator) -> str:
    """A plain number with the decimal mark of the language."""
    if isinstance(field, NumberInput | IntegerInput) and re.fullmatch(r"-?[0-9]+\.[0-9]+", entry.text):
        return entry.text.replace(".", tr.axis(0).point)
    return entry.text


def _hint(field: Input, tr: Translator) -> str:
    example = example_words(field, tr)
    said = tr.gettext("Example: {example}", example=cut_plain(example, 120)) if example else ""
    words = "" if isinstance(field, DateInput) and field.span == (None, None) else allowed(field, tr)
    return " ".join(part for part in (words, "" if isinstance(field, DateInput) else said) if part)


def _options(field: Input, tr: Translator) -> Sequence[tuple[str, str]]:
    match field:
        case ChoiceInput():
            return [(option.value, tr.pick(option.label)) for option in field.options]
        case BooleanInput():
            return [("yes", tr.gettext("Yes")), ("no", tr.gettext("No"))]
        case SeriesInput() if field.sources or field.live:
            live = [(LIVE, tr.gettext("A paper by its ticker or name"))] if field.live else []
            own = (OWN, tr.gettext("My own numbers"))
            return [*live, *((source.value, tr.pick(source.label)) for source in field.sources), own]
    return ()


def _attrs(field: Input) -> dict[str, Any]:  # Any: as above
    match field:
        case NumberInput():
            return {"inputmode": "decimal", "autocomplete": "off", "type": "text"}
        case IntegerInput():
            return {"inputmode": "numeric", "autocomplete": "off", "type": "text"}
        case DateInput():
            first, last = field.span
            return {"type": "date", "min": first and first.isoformat(), "max": last and last.isoformat()}
        case TextInput():
            return {"type": "text", "maxlength": field.max_length}
        case ImagesInput():
            return {"most": field.max_count}
    return {}


def _preview(field: Input, entry: FormEntry, slug: str) -> str:
    if not isinstance(field, ImageInput | SoundInput):
        return ""
    if entry.kept == EXAMPLE:
        return f"/models/{slug}/examples/{field.name}"
    return f"/files/{entry.kept.removeprefix(FILE)}" if entry.kept.startswith(FILE) else ""


def _previews(field: Input, entry: FormEntry, slug: str) -> list[tuple[str, str]]:
    if not isinstance(field, ImagesInput):
        return []
    if entry.kept == EXAMPLE:
        places = [place_of(field.name, position) for position in range(len(field.example or ()))]
        return [(f"/models/{slug}/examples/{place}", "") for place in places]
    return [(f"/files/{each}", kept_as([each])) for each in kept_ids(entry.kept)]


def _kept_words(field: Input, entry: FormEntry, tr: Translator) -> str:
    if not isinstance(field, SeriesInput | TableInput):
        return ""
    if entry.source == LIVE and entry.value is not None:
        return value_words(field, entry.value, tr)
    if not entry.kept:
        return ""
    if entry.kept == EXAMPLE:
        return tr.gettext("the model's example")
    return tr.gettext("a file that you sent") if entry.value is None else value_words(field, entry.value, tr)
