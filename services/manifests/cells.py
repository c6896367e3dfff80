"""What of a model stands in a table: a question for each cell, and answers that one has room for."""

from typing import Final

from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    ClassesOutput,
    DateInput,
    IntegerInput,
    Manifest,
    NumberInput,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    TextInput,
    TextOutput,
)

PLAIN: Final = (NumberInput, IntegerInput, BooleanInput, ChoiceInput, DateInput, TextInput)
IN_A_CELL: Final = (NumberOutput, ProbabilityOutput, ClassesOutput, TextOutput, SeriesOutput)


def takes_tables(manifest: Manifest) -> bool:
    plain = bool(manifest.inputs) and all(isinstance(field, PLAIN) for field in manifest.inputs)
    return plain and not manifest.is_assistant and bool(told_in_cells(manifest))


def told_in_cells(manifest: Manifest) -> list[Output]:
    return [output for output in manifest.outputs if isinstance(output, IN_A_CELL)]


def share_of(output: str) -> str:
    """The column that says how likely the class of this one is."""
    return f"{output}:share"
