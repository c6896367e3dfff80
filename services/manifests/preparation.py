"""`[inputs.prepare]`: what happens to a customer's picture before the graph sees it."""

from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from services.manifests.schema import Array, Numbers, Table, wrong

MAX_BYTES: Final = 20_000_000  # of a picture: what Telegram lets a bot download
MAX_SIDE: Final = 2048
LONGEST: Final = 1024  # of a free side where the manifest says nothing: customers' pictures are reduced to it


def _known_side(value: Any) -> Any:  # Any: whatever TOML holds
    if value != "free" and (isinstance(value, bool) or not isinstance(value, int)):
        raise wrong('is neither a number of points nor "free"', 'Write such as [224, 224] or ["free", 32]')
    return value


Side: TypeAlias = int | Literal["free"]
KnownSide: TypeAlias = Annotated[Side, BeforeValidator(_known_side)]


class Prepare(Table):
    """How a picture becomes numbers, in the order of these keys; the result is `[C, H, W]`."""

    mode: Literal["grayscale", "la", "rgb", "rgba"] = "rgb"
    invert: Literal["never", "always", "light-background"] = "never"
    crop: Literal["none", "ink", "square"] = "none"
    threshold: float = Field(default=0.2, gt=0, lt=1)
    centre: bool = False
    padding: float = Field(default=0.0, ge=0, le=4)
    fit: Literal["stretch", "letterbox", "cover"] = "stretch"
    fill: Annotated[tuple[int, ...], Array] | None = None
    shorter: int | None = Field(default=None, ge=1, le=2048)
    filter: Literal["nearest", "box", "bilinear", "bicubic"] | None = None
    size: Annotated[tuple[KnownSide, KnownSide], Array]
    multiple: int | None = Field(default=None, ge=1, le=512)
    longest: int | None = Field(default=None, ge=1, le=MAX_SIDE)
    order: Literal["rgb", "bgr"] = "rgb"
    range: Annotated[tuple[float, float], Array] = (0.0, 1.0)
    mean: Numbers | None = None
    std: Numbers | None = None

    @property
    def channels(self) -> int:
        return {"grayscale": 1, "la": 2, "rgb": 3, "rgba": 4}[self.mode]

    @property
    def grey(self) -> bool:
        return self.mode in {"grayscale", "la"}

    @property
    def free(self) -> bool:
        """Whether a side follows the picture's."""
        return "free" in self.size

    @property
    def reduces(self) -> bool:
        """Whether the graph sees pictures as large as they come, but for the largest."""
        return self.size == ("free", "free")

    @property
    def step(self) -> int:
        """Free sides are multiples of it."""
        return self.multiple or 1

    @property
    def most(self) -> int:
        """The longest that a free side may be."""
        return self.longest or LONGEST // self.step * self.step

    @property
    def kept(self) -> int:
        """The longest side that a customer's picture is kept with."""
        return max(LONGEST, self.most) if self.free else LONGEST

    def spans(self) -> list[tuple[float, float]]:
        """Between which numbers the points of each channel lie."""
        means, stds = self.mean or (0.0,) * self.channels, self.std or (1.0,) * self.channels
        ends = [[(end - mean) / std for end in self.range] for mean, std in zip(means, stds, strict=True)]
        return [(min(pair), max(pair)) for pair in ends]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not all(side == "free" or 1 <= side <= MAX_SIDE for side in self.size):
            raise wrong(f"a side is outside 1–{MAX_SIDE}", "Write [width, height] in points", "size")
        for key in ("mean", "std"):
            if (values := getattr(self, key)) is not None and len(values) != self.channels:
                raise wrong(f"has {len(values)} values", f"One for each of {self.channels} channels is needed", key)
        if self.std is not None and 0 in self.std:
            raise wrong("has a zero", "Nothing can be divided by it", "std")
        if self.grey and self.order == "bgr":
            raise wrong("a grey picture has no order of colours", 'Remove it, or write mode = "rgb"', "order")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        colours = 1 if self.grey else 3
        if self.fill is not None and self.fit != "letterbox":
            raise wrong("is the colour beside a letterbox", 'Add fit = "letterbox" or remove it', "fill")
        if self.fill is not None and not (len(self.fill) == colours and all(0 <= part <= 255 for part in self.fill)):
            raise wrong("is no colour", f"Write {colours} of 0–255, such as {[114] * colours}", "fill")
        if self.shorter is not None and self.fit != "cover":
            raise wrong("tells how much is seen of the middle", 'Add fit = "cover" or remove it', "shorter")
        fixed = [side for side in self.size if side != "free"]
        if self.shorter is not None and self.free:
            raise wrong("is for a size without free sides", "Remove it, or write the size in points", "shorter")
        if self.shorter is not None and self.shorter < max(fixed):
            raise wrong(f"{self.shorter} is under the size", f"Write at least {max(fixed)}", "shorter")
        return self

    @model_validator(mode="after")
    def _free_sides(self) -> Self:
        for key in ("multiple", "longest"):
            if getattr(self, key) is not None and not self.free:
                raise wrong("is of a free side", 'Write size = ["free", "free"], or remove it', key)
        if self.longest is not None and self.longest % self.step:
            fix = f"Write {max(1, self.longest // self.step) * self.step}"
            raise wrong(f"{self.longest} is no multiple of {self.step}", fix, "longest")
        return self
