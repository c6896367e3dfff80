"""The prompt of a manifest: a text with the names of inputs in braces."""

import string
from collections.abc import Mapping, Sequence
from typing import Final

from services.inference.errors import BadInput
from services.inference.tensors import Row
from services.manifests.inputs import ChoiceInput, FileInput, SeriesInput, TableInput
from services.manifests.manifest import Input

MOST: Final = 32_000  # characters: what the newest models read
Part = tuple[str, str | None]  # a text, and the input that comes behind it


class PromptUnfit(Exception):
    """Problem and fix of a template."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def read_prompt(template: str, inputs: Sequence[Input]) -> list[Part]:
    """Its parts. What a customer writes is put in as it is: braces in it mean nothing. Raises PromptUnfit."""
    known = {field.name for field in inputs if not isinstance(field, FileInput | SeriesInput | TableInput)}
    fix = f"Name one of: {', '.join(sorted(known))}" if known else "Add an input of text"
    try:
        parts = [(text, name, bool(spec or conversion)) for text, name, spec, conversion in _FORMATTER.parse(template)]
    except ValueError as error:
        raise PromptUnfit(f"is no template ({error})", "Write {name} for an input, {{ for a brace") from None
    for _, name, formatted in parts:
        if name is not None and (name not in known or formatted):
            raise PromptUnfit(f'"{{{name}}}" is no input that can be read', fix)
    return [(text, name) for text, name, _ in parts]


def prompt_of(parts: Sequence[Part], row: Row, inputs: Mapping[str, Input]) -> str:
    """Raises BadInput."""
    told = "".join(text + ("" if name is None else _word(inputs[name], row)) for text, name in parts)
    return " ".join(told.split())[:MOST]


def _word(field: Input, row: Row) -> str:
    value = row.values.get(field.name)
    if value is None:
        raise BadInput(name=field.label)
    if isinstance(field, ChoiceInput):
        found = next((option for option in field.options if option.value == value), None)
        if found is None:
            raise BadInput(name=field.label)
        return found.label.pick("en")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


_FORMATTER: Final = string.Formatter()
