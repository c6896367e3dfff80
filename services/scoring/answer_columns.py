"""The columns that a model's answers add to a table, in its customer's language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from services.manifests.cells import share_of, told_in_cells
from services.manifests.manifest import (
    ClassesOutput,
    Manifest,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    TextOutput,
)
from services.scoring.source import Told, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHeadings:
    """Of the version that was ordered: `headings` of the new `columns`; `labels`: of a column of classes what each is
    called, `texts`: of one of the model's own words, `formats`: how a spreadsheet shows one's numbers."""

    headings: Sequence[str]
    columns: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    texts: Mapping[str, Mapping[str, str]]
    formats: Mapping[str, str] = field(default_factory=dict)

    def dump(self) -> Told:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def load(cls, told: Told) -> Self:
        return cls(**told)


def answer_headings(manifest: Manifest, wording: Wording) -> AnswerHeadings:
    headings: dict[str, str] = {}
    labels: dict[str, Sequence[str]] = {}
    for output in told_in_cells(manifest):
        heading = _heading(output, wording.language)
        headings[output.name] = heading
        if isinstance(output, ClassesOutput):
            headings[share_of(output.name)] = f"{heading}: {wording.share}"
            labels[output.name] = [each.label.pick(wording.language) for each in output.classes]
    return AnswerHeadings(
        headings=list(headings.values()),
        columns=list(headings),
        labels=labels,
        texts=_texts(manifest, wording),
        formats=dict(_formats(manifest)),
    )


def _heading(output: Output, language: str) -> str:
    label = output.label.pick(language)
    if isinstance(output, NumberOutput | SeriesOutput) and output.unit is not None:
        return f"{label}, {output.unit.pick(language)}"
    return label


def _formats(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """With as many decimals as a message has; the cell keeps all of them."""
    for output in told_in_cells(manifest):
        match output:
            case ClassesOutput():
                yield share_of(output.name), "0%"
            case ProbabilityOutput():
                yield output.name, f"{_figures(output.decimals)}%"
            case NumberOutput(decimals=int() as decimals):
                yield output.name, _figures(decimals)


def _figures(decimals: int) -> str:
    return f"0.{'0' * decimals}" if decimals else "0"


def _texts(manifest: Manifest, wording: Wording) -> dict[str, dict[str, str]]:
    """Words for what a model answers in its own, by output."""
    return {
        output.name: {each.value: each.label.pick(wording.language) for each in output.classes}
        for output in told_in_cells(manifest)
        if isinstance(output, TextOutput) and output.classes
    }
