"""What a manifest says of the answer: its outputs and the advice that follows from them."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from services.manifests.labelled import Answer, ClassLabel, Labelled
from services.manifests.overlays import BoxesOutput, MaskOutput
from services.manifests.schema import Array, FileName, Name, Table, Text, wrong

FEWEST_CLASSES: Final = 2
MOST_CLASSES: Final = 100_000
MOST_COLUMNS: Final = 200


class Summed(Answer):
    """`over`: of what is said of each step of a row, one number; a `share` is of the steps that reach `threshold`;
    `cosine` and `distance` are how near several vectors of a row are to each other."""

    over: Literal["mean", "max", "min", "share", "cosine", "distance"] | None = None
    threshold: float = 0.5


class NumberOutput(Summed):
    type: Literal["number"]
    unit: Text | None = None
    column: int = Field(default=0, ge=0)
    decimals: int | None = Field(default=None, ge=0, le=12)


class ProbabilityOutput(Summed):
    type: Literal["probability"]
    column: int = Field(default=0, ge=0)
    decimals: int = Field(default=0, ge=0, le=12)
    logits: bool = False
    of: str | None = None
    """A text of the same tensor, of which this is how sure it is."""

    def check_told(self, outputs: Mapping[str, "Output"]) -> None:
        """Refuse to be of what is no text that is read step by step."""
        told = None if self.of is None else outputs.get(self.of)
        if self.of is None or (isinstance(told, TextOutput) and told.decode == "ctc" and told.tensor == self.tensor):
            return
        raise wrong(f'"{self.of}" is no text decoded of the same tensor', "Name one", "outputs", self.name, "of")

    @model_validator(mode="after")
    def _between_0_and_1(self) -> Self:
        if self.over in {"cosine", "distance"}:
            raise wrong(f"a {self.over} is no probability", 'Write type = "number"', "over")
        return self


class ClassesOutput(Labelled):
    type: Literal["classes"]
    classes: Annotated[tuple[ClassLabel, ...], Array] = Field(min_length=FEWEST_CLASSES, max_length=MOST_CLASSES)
    top: int | None = Field(default=None, ge=1, le=20)
    chart: Literal["bars"] | None = None
    logits: bool = False
    label_tensor: str | None = Field(default=None, min_length=1)


class TextOutput(Labelled):
    """`decode`: the tensor has scores of each step, for a blank and for the `alphabet` that the file `characters` lists
    (`ctc`), or one, which tells the times when it reaches the `threshold` (`spans`): `step`, `shortest` and `gap` in
    seconds."""

    type: Literal["text"]
    column: int = Field(default=0, ge=0)
    decode: Literal["ctc", "spans"] | None = None
    characters: FileName | None = None
    alphabet: Annotated[tuple[str, ...], Array] = ()
    blank: int = 0
    layout: Literal["NTC", "TNC"] = "NTC"
    logits: bool = False
    step: float | None = Field(default=None, gt=0)
    threshold: float = 0.5
    shortest: float = Field(default=0, ge=0)
    gap: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _decoded(self) -> Self:
        for decode, keys in _DECODING.items():
            if self.decode != decode and (told := keys & self.model_fields_set):
                raise wrong("means nothing here", f'Add decode = "{decode}", or remove it', min(told))
        if self.decode == "ctc" and not self.alphabet:
            raise wrong("is missing", "Name a file of the folder with a character a line", "characters")
        if self.decode == "ctc" and not -1 <= self.blank <= len(self.alphabet):
            raise wrong(f"{self.blank} is no column", f"0 to {len(self.alphabet)} are, -1 is the last", "blank")
        if self.decode == "spans" and self.step is None:
            raise wrong("is missing", "Write the seconds of a step: the window by the rate", "step")
        return self


_DECODING: Final = {
    "ctc": frozenset({"characters", "alphabet", "blank", "layout", "logits"}),
    "spans": frozenset({"step", "threshold", "shortest", "gap"}),
}


class Pooled(Answer):
    """Of a tensor with a vector for each token of a text, one vector; `normalise`: of length one."""

    pooling: Literal["mean", "cls", "max"] | None = None
    normalise: bool = False


class SeriesOutput(Pooled):
    type: Literal["series"]
    unit: Text | None = None
    decimals: int | None = Field(default=None, ge=0, le=12)
    chart: Literal["line", "band"] | None = None
    history: str | None = None
    quantiles: Text | None = None

    @model_validator(mode="after")
    def _band_only(self) -> Self:
        for key in ("history", "quantiles"):
            if getattr(self, key) is not None and self.chart != "band":
                raise wrong("belongs to a band", 'Add chart = "band" or remove it', key)
        if self.pooling is not None and self.chart == "band":
            raise wrong("makes one vector, which is no band", "Remove one of the two", "pooling")
        return self


class EmbeddingOutput(Pooled):
    type: Literal["embedding"]


class TableColumn(Table):
    name: Name
    label: Text
    unit: Text | None = None
    decimals: int | None = Field(default=None, ge=0, le=12)


class TableOutput(Answer):
    type: Literal["table"]
    columns: Annotated[tuple[TableColumn, ...], Array] = Field(min_length=1, max_length=MOST_COLUMNS)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise wrong("two columns have the same name", "Give each its own", "columns")
        return self


class Picture(Table):
    """How an output tensor becomes a picture."""

    layout: Literal["NCHW", "NHWC"] = "NCHW"
    range: Annotated[tuple[float, float], Array] = (0.0, 1.0)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.range[0] == self.range[1]:
            raise wrong("both ends are the same", "Write [low, high]", "range")
        return self


class SoundOutput(Answer):
    """Samples from −1 to 1, or whole ones; `rate` of them a second."""

    type: Literal["audio"]
    rate: int = Field(ge=1_000, le=192_000)


class ImageOutput(Answer):
    type: Literal["image"]
    prepare: Picture = Picture()
    shape_of: str | None = None


Output = Annotated[
    NumberOutput
    | ProbabilityOutput
    | ClassesOutput
    | TextOutput
    | SeriesOutput
    | ImageOutput
    | SoundOutput
    | BoxesOutput
    | MaskOutput
    | EmbeddingOutput
    | TableOutput,
    Field(discriminator="type"),
]

_UNADVISED: Final = (SeriesOutput, ImageOutput, SoundOutput, MaskOutput, EmbeddingOutput, TableOutput)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {  # Any: numbers with numbers, texts with texts
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]{1,64})\}")
"""In an advice: the answer of this name, as it is told above it."""


class Advice(Table):
    output: str
    op: Literal[">=", ">", "<=", "<", "==", "!="]
    threshold: float | str
    text: Text

    def check(self, outputs: Mapping[str, Output], position: int) -> None:
        """Refuse a rule that can never be told: an unknown output, or a number compared with a name."""
        output = outputs.get(self.output)
        if output is None:
            known = f"Use one of: {', '.join(outputs)}"
            raise wrong(f'there is no output "{self.output}"', known, "advice", position, "output")
        if isinstance(output, _UNADVISED):
            raise wrong(f"advice cannot look at a {output.type}", "Name a number", "advice", position, "output")
        self._check_text(outputs, position)
        equality = self.op in {"==", "!="}
        by_name = isinstance(output, TextOutput) or (isinstance(output, ClassesOutput) and equality)
        if isinstance(output, TextOutput) and not equality:
            raise wrong(f"a text cannot be {self.op}", "Use == or !=", "advice", position, "op")
        if by_name != isinstance(self.threshold, str):
            kind = "a class's value in quotes" if by_name else "a number without quotes"
            raise wrong(f"{self.threshold!r} cannot be compared", f"Write {kind}", "advice", position, "threshold")
        if by_name and isinstance(output, ClassesOutput) and self.threshold not in {c.value for c in output.classes}:
            values = ", ".join(c.value for c in output.classes[:20])
            raise wrong(
                f'there is no class "{self.threshold}"', f"Use one of: {values}", "advice", position, "threshold"
            )

    def _check_text(self, outputs: Mapping[str, Output], position: int) -> None:
        for language, text in self.text.root.items():
            for name in PLACEHOLDER.findall(text):
                if not isinstance(outputs.get(name), NumberOutput | ProbabilityOutput | TextOutput | ClassesOutput):
                    known = f"Use one of: {', '.join(outputs)}, or leave the braces out"
                    raise wrong(f"{{{name}}} is no answer of few words", known, "advice", position, "text", language)

    def holds(self, output: Output, answer: Any) -> bool:
        """`answer` is the result's value of that output: a number, a text, or the dict of classes or boxes."""
        if isinstance(output, ClassesOutput):
            top = answer["value"]
            answer = top if self.op in {"==", "!="} else answer["probabilities"][top]
        elif isinstance(output, BoxesOutput):
            answer = answer["found"]
        return _COMPARE[self.op](answer, self.threshold)
