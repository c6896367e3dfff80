"""`[inputs.prepare]`: what happens to a customer's picture before the graph sees it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.inference.schema import Array, Numbers, Table, wrong


class Prepare(Table):
    """How a picture becomes numbers, in the order of these keys; the result is `[C, H, W]`."""

    mode: Literal["grayscale", "rgb", "rgba"] = "rgb"
    invert: Literal["never", "always", "light-background"] = "never"
    crop: Literal["none", "ink", "square"] = "none"
    threshold: float = Field(default=0.2, gt=0, lt=1)
    centre: bool = False
    padding: float = Field(default=0.0, ge=0, le=4)
    fit: Literal["stretch", "letterbox", "cover"] = "stretch"
    fill: Annotated[tuple[int, ...], Array] | None = None
    shorter: int | None = Field(default=None, ge=1, le=2048)
    filter: Literal["nearest", "box", "bilinear", "bicubic"] | None = None
    size: Annotated[tuple[int, int], Array]
    order: Literal["rgb", "bgr"] = "rgb"
    range: Annotated[tuple[float, float], Array] = (0.0, 1.0)
    mean: Numbers | None = None
    std: Numbers | None = None

    @property
    def channels(self) -> int:
        return {"grayscale": 1, "rgb": 3, "rgba": 4}[self.mode]

    def spans(self) -> list[tuple[float, float]]:
        """Between which numbers the points of each channel lie."""
        means, stds = self.mean or (0.0,) * self.channels, self.std or (1.0,) * self.channels
        ends = [[(end - mean) / std for end in self.range] for mean, std in zip(means, stds, strict=True)]
        return [(min(pair), max(pair)) for pair in ends]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not all(1 <= side <= 2048 for side in self.size):
            raise wrong("a side is outside 1–2048", "Write [width, height] in points", "size")
        for key in ("mean", "std"):
            if (values := getattr(self, key)) is not None and len(values) != self.channels:
                raise wrong(f"has {len(values)} values", f"One for each of {self.channels} channels is needed", key)
        if self.std is not None and 0 in self.std:
            raise wrong("has a zero", "Nothing can be divided by it", "std")
        if self.mode == "grayscale" and self.order == "bgr":
            raise wrong("a grey picture has no order of colours", 'Remove it, or write mode = "rgb"', "order")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        colours = min(self.channels, 3)
        if self.fill is not None and self.fit != "letterbox":
            raise wrong("is the colour beside a letterbox", 'Add fit = "letterbox" or remove it', "fill")
        if self.fill is not None and not (len(self.fill) == colours and all(0 <= part <= 255 for part in self.fill)):
            raise wrong("is no colour", f"Write {colours} of 0–255, such as {[114] * colours}", "fill")
        if self.shorter is not None and self.fit != "cover":
            raise wrong("tells how much is seen of the middle", 'Add fit = "cover" or remove it', "shorter")
        if self.shorter is not None and self.shorter < max(self.size):
            raise wrong(f"{self.shorter} is under the size", f"Write at least {max(self.size)}", "shorter")
        return self
