"""What a form is and where a customer stands in it. Both are plain data: the form comes from the catalogue each time,
the state is kept as JSON between messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from handlers.kit.buttons import parse_number
from handlers.kit.form_state import FormState
from services.errors import ShopError
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    Input,
    IntegerInput,
    Manifest,
    NumberInput,
    Text,
)
from services.market.prices import Instrument
from services.models.offers import PlanLimit
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value

MANY: Final = 3  # from so many typed inputs on, they may be sent at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The questions of a model or of a preset. `fields` are asked, `preset` is given; `price` in hundredths;
    `questions` tells them from others of the same version; `paints`: the answer is nothing but pictures."""

    slug: str
    version: str
    questions: str
    title: str | Text | dict[str, str]
    icon: str
    price: int
    fields: tuple[Input, ...]
    manifest: Manifest
    preset: Mapping[str, Value] = field(default_factory=dict)
    count: int = 1
    paints: bool = False
    plan_left: int | None = None
    plan_limit: PlanLimit | None = None

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        *,
        price: int | None = None,
        slug: str | None = None,
        title: Text | dict[str, str] | None = None,
        icon: str | None = None,
        preset: Mapping[str, Value] | None = None,
        count: int = 1,
        plan_left: int | None = None,
        plan_limit: PlanLimit | None = None,
    ) -> Self:
        """What a preset fills in is not asked; a value of it that fits the model no more is asked after all."""
        given = {name: value for name, value in (preset or {}).items() if _fits(manifest, name, value)}
        return cls(
            slug=slug or manifest.slug,
            version=manifest.version,
            questions=manifest.questions,
            title=title or manifest.title,
            icon=icon or manifest.icon,
            price=manifest.price_hundredths if price is None else price,
            manifest=manifest,
            fields=tuple(each for each in manifest.inputs if each.name not in given),
            preset=given,
            count=count,
            paints=manifest.paints,
            plan_left=plan_left,
            plan_limit=plan_limit,
        )

    @property
    def typed(self) -> tuple[Input, ...]:
        """The inputs that fit into one line of values."""
        return tuple(each for each in self.fields if isinstance(each, _TYPED))

    def index(self, name: str) -> int:
        return next(i for i, each in enumerate(self.fields) if each.name == name)


_TYPED = (NumberInput, IntegerInput, ChoiceInput, BooleanInput, DateInput)


def _fits(manifest: Manifest, name: str, value: Value) -> bool:
    try:
        check_value(manifest.input(name), value)
    except (InvalidValue, StopIteration):
        return False
    return True


class FormExit(StrEnum):
    """What a press asks of the chat beyond the next screen."""

    PAY = "pay"
    CANCEL = "cancel"
    LEAVE = "leave"
    """Back from the first question: to the model's page."""
    COLUMN = "column"
    """The file that was sent is to be read once more, for `Turn.column`."""
    LOOK_UP = "look up"
    """`Turn.given` may name a paper."""
    PAPER = "paper"
    """`Turn.paper` was chosen; its prices are to be fetched."""
    TEMPLATE = "template"
    """The file to fill in for the table that is asked for."""
    STALE = "stale"
    """The button belongs to another form, or to a question that was answered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where the form stands now. `problem` and `notice` (an English msgid) are told above the question."""

    state: FormState
    problem: ShopError | None = None
    notice: str | None = None
    outcome: FormExit | None = None
    column: int | None = None
    given: str = ""
    paper: Instrument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button of a form: `f:<nonce>:<where>:<verb><argument>`. `where` is the index of the question that the button
    answers, or a `Place`: a button under an older question is known as such."""

    nonce: str
    where: str
    verb: str
    argument: int = 0

    def __str__(self) -> str:
        return f"{PREFIX}{self.nonce}:{self.where}:{self.verb}{self.argument or ''}"

    @classmethod
    def parse(cls, data: str) -> Self | None:
        parts = data.removeprefix(PREFIX).split(":")
        if not data.startswith(PREFIX) or len(parts) != 3 or not parts[2]:
            return None
        argument = parse_number(parts[2][1:] or "0", most=99_999)
        return None if argument is None else cls(nonce=parts[0], where=parts[1], verb=parts[2][0], argument=argument)


PREFIX: Final = "f:"
