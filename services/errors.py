"""The one base of business errors. A leaf is a business fact that keeps the offending value."""

from dataclasses import dataclass
from typing import Any, ClassVar

from services.manifests.characters import cleaned
from services.redaction import redact


def N_(message: str) -> str:  # the field's own name for a string that is translated later
    """Mark a message for the catalogues without translating it here."""
    return message


@dataclass(frozen=True, slots=True)
class Counted:
    """A sentence whose form depends on a number: the parameter `by`."""

    one: str
    many: str
    by: str


def NN_(one: str, many: str, by: str) -> Counted:  # as above
    """Mark a sentence with a number for the catalogues."""
    return Counted(one, many, by)


class ShopError(Exception):
    """What the shop refuses, in two texts: `message` (an English msgid with named placeholders, for the user; the edge
    translates it and fills in `params`) and `str(error)` (for the log). `counted` takes the message's place where its
    form depends on a number; the parameters in `figures` are numbers or dates in text, told as people write them."""

    message: str = N_("Something went wrong. Please try again.")
    counted: ClassVar[Counted | None] = None
    figures: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **params: Any) -> None:  # Any: placeholders take whatever str.format takes
        self.params = params
        super().__init__(f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in params.items())})")

    def __reduce__(self) -> tuple[Any, ...]:  # Any: as `object` has it
        """So that it can come from another process: leaves are made of other things than what they tell."""
        return _again, (type(self), self.__dict__, self.args)


def _again(leaf: type[ShopError], known: dict[str, Any], args: tuple[str, ...]) -> ShopError:  # Any: as above
    error = leaf.__new__(leaf, *args)
    error.args = args
    error.__dict__.update(known)
    return error


class DecidedAlready(ShopError):
    """A confirmation that was confirmed."""

    message = N_("This is decided already.")


class ChangedMeanwhile(ShopError):
    """Since the question was asked; `value` as it would be typed."""

    message = N_("Meanwhile somebody else has changed this, to: {value}. Send yours again to write it over.")

    def __init__(self, value: str) -> None:
        super().__init__(value=value)


def one_line(error: BaseException) -> str:
    """Its text as a row keeps it, without secrets, which servers repeat."""
    return redact(" ".join(cleaned(str(error)).split()))
