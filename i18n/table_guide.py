"""What may stand in the columns of a customer's table, and what its answers will be, in words."""

from typing import Final

from i18n.inputs import allowed
from i18n.outputs import percent
from i18n.scorings import wording_in
from i18n.text import cut_plain
from i18n.translator import Translator
from services.manifests.cells import share_of, told_in_cells
from services.manifests.inputs import Bounded
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    ClassesOutput,
    Input,
    Manifest,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    TextOutput,
)
from services.models.offers import Offer
from services.scoring.answer_columns import answer_headings
from services.scoring.answering import asked_fields
from services.scoring.guide import ColumnGuide, Guide
from services.scoring.template import example_cell, heading_of

OPTIONS: Final = 300  # characters of all options
SHARE: Final = 0.87  # an example


def columns_allowed(offer: Offer, tr: Translator) -> list[tuple[str, str]]:
    """Of each column its heading and what its cells may hold."""
    return [(heading_of(field, tr.language), _allowed(field, tr)) for field in asked_fields(offer)]


def guide_in(tr: Translator, offer: Offer) -> Guide:
    return Guide(
        title=tr.gettext("How to fill it in"),
        columns=[_column(field, tr) for field in asked_fields(offer)],
        columns_head=(tr.gettext("Column"), tr.gettext("What it may hold")),
        answers=_answers(offer.manifest, tr),
        answers_head=(tr.gettext("Column of the answer"), tr.gettext("What will stand in it")),
    )


def _column(field: Input, tr: Translator) -> ColumnGuide:
    yes, no = tr.gettext("Yes").lower(), tr.gettext("No").lower()
    options = [yes, no] if isinstance(field, BooleanInput) else []
    if isinstance(field, ChoiceInput):
        options = [tr.pick(option.label) for option in field.options]
    return ColumnGuide(
        heading=heading_of(field, tr.language),
        allowed=_allowed(field, tr),
        options=options,
        example=example_cell(field, tr.language, yes=yes, no=no),
    )


def _allowed(field: Input, tr: Translator) -> str:
    match field:
        case ChoiceInput():
            return _one_of([tr.pick(option.label) for option in field.options], tr)
        case BooleanInput():
            return tr.gettext("Yes or no.")
    said = allowed(field, tr)
    if said or not isinstance(field, Bounded):
        return said
    return tr.gettext("A whole number.") if field.whole else tr.gettext("A number.")


def _one_of(labels: list[str], tr: Translator) -> str:
    return tr.gettext("One of: {options}.", options=cut_plain(", ".join(labels), OPTIONS))


def _answers(manifest: Manifest, tr: Translator) -> list[tuple[str, str]]:
    """The columns in the order in which they are added."""
    headings = answer_headings(manifest, wording_in(tr))
    said = {output.name: _said(output, tr) for output in told_in_cells(manifest)}
    said |= {share_of(name): _share(tr) for name in said}
    return [(heading, said[name]) for name, heading in zip(headings.columns, headings.headings, strict=True)]


def _said(output: Output, tr: Translator) -> str:
    match output:
        case ClassesOutput() | TextOutput(classes=[_, *_]):
            return _one_of([tr.pick(each.label) for each in output.classes], tr)
        case ProbabilityOutput():
            return _share(tr)
        case SeriesOutput():
            return tr.gettext("Numbers, with semicolons between them.")
        case TextOutput():
            return tr.gettext("A text.")
    return tr.gettext("A number.")


def _share(tr: Translator) -> str:
    """Messages tell it in per cent, and so does a spreadsheet; CSV has the number."""
    return tr.gettext("From 0 to 1: {share} is {percent}.", share=tr.number(SHARE, 2), percent=percent(SHARE, 0, tr))
