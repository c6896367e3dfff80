"""What every output of a manifest says of itself, and those whose values have labels."""

from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.manifests.bindings import NodeBinding
from services.manifests.schema import Array, FileName, Name, Table, Text, wrong


class Answer(Table):
    name: Name
    label: Text
    help: Text | None = None
    tensor: str = Field(default="", min_length=1)
    node: NodeBinding | None = None


class ClassLabel(Table):
    value: str = Field(max_length=200)
    label: Text


class Labelled(Answer):
    """`labels` names the file that `classes` were read from, where the manifest does not list them itself."""

    classes: Annotated[tuple[ClassLabel, ...], Array] = ()
    labels: FileName | None = None

    @model_validator(mode="after")
    def _unique(self) -> Self:
        values = [item.value for item in self.classes]
        if len(set(values)) < len(values):
            raise wrong("two classes have the same value", "Give each its own", "classes")
        return self

    def label_of(self, value: str, language: str) -> str:
        label = self._by_value.get(value)
        return value if label is None else label.pick(language)

    @cached_property
    def _by_value(self) -> dict[str, Text]:
        return {item.value: item.label for item in self.classes}
