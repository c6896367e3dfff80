"""How forecasts are judged by what came: `[[outcomes]]`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from services.manifests.inputs import SeriesInput
from services.manifests.outputs import NumberOutput, ProbabilityOutput, SeriesOutput
from services.manifests.schema import Name, Table, wrong

if TYPE_CHECKING:
    from services.manifests.inputs import Input
    from services.manifests.outputs import Output

MOST_OBSERVATIONS = 260


class DeclaredOutcome(Table):
    """Of the closes in the `horizon` observations after the last one that `input` holds. `drawdown`: one of them is
    `threshold` or more below that last one, and `output` is how likely that is. `below`: the change until the horizon,
    in per cent, is below `output`, the quantile of `level`. `inside`: the close at the horizon lies within the
    row of the horizon of the band `output`, which holds the share `level`."""

    name: Name
    input: str
    output: str
    horizon: int = Field(ge=1, le=MOST_OBSERVATIONS)
    event: Literal["drawdown", "below", "inside"]
    threshold: float | None = Field(default=None, gt=0, lt=1)
    level: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _measured(self) -> Self:
        needed, other = ("threshold", "level") if self.event == "drawdown" else ("level", "threshold")
        if getattr(self, needed) is None:
            raise wrong("is missing", f"Write a share, such as {needed} = 0.05", needed)
        if getattr(self, other) is not None:
            raise wrong(f"means nothing for {self.event}", "Remove it", other)
        return self

    def check(self, inputs: Mapping[str, "Input"], outputs: Mapping[str, "Output"]) -> None:
        """Refuse what could never be judged."""
        if not isinstance(inputs.get(self.input), SeriesInput):
            raise wrong(f'"{self.input}" is not a series input', "Name one", "outcomes", self.name, "input")
        output = outputs.get(self.output)
        fits = {
            "drawdown": isinstance(output, ProbabilityOutput),
            "below": isinstance(output, NumberOutput),
            "inside": isinstance(output, SeriesOutput) and output.chart == "band",
        }
        if not fits[self.event]:
            needed = {"drawdown": "a probability", "below": "a number", "inside": "a band"}[self.event]
            raise wrong(f'"{self.output}" is not {needed}', "Name one", "outcomes", self.name, "output")


def check_outcomes(
    outcomes: Sequence[DeclaredOutcome], inputs: Mapping[str, "Input"], outputs: Mapping[str, "Output"]
) -> None:
    """All of one model are of the same series and horizon: they are judged together."""
    for outcome in outcomes:
        if [other.name for other in outcomes].count(outcome.name) > 1:
            raise wrong("the name is used more than once", "Give each its own", "outcomes", outcome.name, "name")
        for key in ("input", "horizon"):
            if getattr(outcome, key) != getattr(outcomes[0], key):
                raise wrong("differs from the first outcome's", "Give all the same", "outcomes", outcome.name, key)
        outcome.check(inputs, outputs)
