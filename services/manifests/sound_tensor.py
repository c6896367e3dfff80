"""How a sound enters a graph: all of it, or window by window."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from services.manifests.schema import NumberTensor, wrong

MOST_WINDOW = 1_000_000  # samples


class SoundTensor(NumberTensor):
    """With `window` a run gets so many samples, `context` of those before in front, and what the last run gave as
    `states`, by the input's name."""

    dtype: Literal["float32", "float64", "float16", "int16"] = "float32"
    layout: Literal["row", "channel", "column"] = "row"
    window: int | None = Field(default=None, ge=1, le=MOST_WINDOW)
    context: int = Field(default=0, ge=0, le=MOST_WINDOW)
    states: Mapping[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, table: Any) -> Any:  # Any: whatever TOML holds
        states = table.get("states", {}) if isinstance(table, dict) else {}
        if not isinstance(states, dict) or not all(isinstance(name, str) and name for name in states.values()):
            raise wrong(
                "names no outputs", 'Write { state = "stateN" }: the input, and the output it comes from', "states"
            )
        return table

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        for key in ("context", "states"):
            if self.window is None and key in self.model_fields_set:
                raise wrong("means nothing without a window", "Add window, or remove it", key)
        return self

    def shaped(self, length: int | None) -> tuple[int | None, ...]:
        """Of one row of so many samples."""
        return {"row": (length,), "channel": (1, length), "column": (length, 1)}[self.layout]
