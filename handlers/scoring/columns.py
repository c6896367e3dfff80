"""The question which column of a table answers an input."""

from typing import Final

from handlers.kit import buttons
from handlers.scoring.headings import DROP, table_heading
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.inputs import value_words
from i18n.scorings import column_words
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.manifests.manifest import Input
from services.models.offers import Offer
from services.scoring.choosing import unanswered
from services.scoring.matching import likely
from services.scoring.queries import ScoringView
from services.scoring.template import heading_of
from services.values.parse import default_value

COLUMN: Final = "table-column"  # table-column:<hex id>:<input>:<column, or nothing for the default>
COLUMNS: Final = "table-columns"  # table-columns:<hex id>:<input>:<page>
ON_PAGE: Final = 10
MANY: Final = 3  # questions after which the template is quicker


def column_screen(view: ScoringView, offer: Offer, field: Input, tr: Translator, *, page: int = 0) -> Screen:
    """Columns that are taken for another input cannot be chosen; likely ones come first."""
    places = _free(view, field)
    pages = max(1, -(-len(places) // ON_PAGE))
    page = min(page, pages - 1)
    about = f"{view.id.hex}:{offer.manifest.inputs.index(field)}"
    shown = places[page * ON_PAGE : (page + 1) * ON_PAGE]
    rows: list[buttons.Row] = [
        (Button(text=column_words(view, at, tr), action=f"{COLUMN}:{about}:{at}"),) for at in shown
    ]
    if turn := buttons.pages_row(tr, page=page, pages=pages, action=lambda number: f"{COLUMNS}:{about}:{number}"):
        rows.append(turn)
    if (default := default_value(field)) is not None:
        said = tr.gettext("In every row: {value}", value=value_words(field, default, tr))
        rows.append((Button(text=cut_plain(said, BUTTON), action=f"{COLUMN}:{about}:"),))
    drop = Button(text=tr.gettext("✖ Cancel"), action=f"{DROP}:{view.id.hex}")
    text = "\n\n".join([table_heading(view, offer, tr), _question(view, offer, field, tr)])
    return Screen(text=text, rows=(*rows, (drop,)))


def _free(view: ScoringView, field: Input) -> list[int]:
    """Without columns that hold nothing, unless they all do."""
    source, taken = view.source, set(view.columns.values())
    free = [at for at in range(len(source.headings)) if at not in taken]
    return likely(field, source.headings, source.samples, free)


def _question(view: ScoringView, offer: Offer, field: Input, tr: Translator) -> Html:
    lines = [
        tr.html("Which column is “<b>{name}</b>”?", name=heading_of(field, tr.language)),
        tr.html("In brackets: what stands in the first row."),
    ]
    left = len(unanswered(view, offer)) - 1
    if left:
        lines.append(tr.nhtml("After it {n} more is to be named.", "After it {n} more are to be named.", left))
    if left >= MANY:
        lines.append(tr.html("Quicker: call the columns as the template does, and send the table again."))
    return Html("\n".join(lines))
