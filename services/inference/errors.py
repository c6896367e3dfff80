"""What can be wrong between a manifest and an answer.

Parameters of messages may be a `Text` of the manifest, which the edge picks in its language (English otherwise),
or another error of this file, which the edge words first.
"""

from collections.abc import Callable, Sequence
from typing import Any

from services.errors import N_, ShopError


class ManifestError(ShopError):
    """A model's folder that cannot be served; `str(error)` is one line that names file, key and fix."""

    message = N_("The model cannot be loaded: {file}: {key}: {problem}. {fix}")

    def __init__(self, *, file: str, key: str, problem: str, fix: str) -> None:
        super().__init__(file=file, key=key, problem=problem, fix=fix)
        self.file, self.key, self.problem, self.fix = file, key, problem, fix

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return " ".join(f"{where}: {self.problem}. {self.fix}".split())

    def __reduce__(
        self,
    ) -> tuple[Callable[..., Any], tuple[Any, ...]]:  # keyword-only errors do not pickle by themselves
        return _rebuild, (self.file, self.key, self.problem, self.fix)


def _rebuild(file: str, key: str, problem: str, fix: str) -> ManifestError:
    return ManifestError(file=file, key=key, problem=problem, fix=fix)


class InferenceError(ShopError):
    """A run that gave no answer; `retryable` tells whether the same row may go well later."""

    retryable: bool = False


class ModelUnavailable(InferenceError):
    """No such model is loaded now, or it was unloaded while the row waited."""

    retryable = True
    message = N_("This model is not available right now. Please try again later.")


class NotTried(ModelUnavailable):
    """Other rows of the batch used the run's time up; nothing is known of this one."""


class ModelBroken(InferenceError):
    """The model's file cannot be run, or not with this manifest; the operator's line is `problem` and `fix`."""

    message = N_("This model is out of order. We are looking into it.")

    def __init__(self, *, problem: str, fix: str = "Export the model again") -> None:
        super().__init__(problem=problem, fix=fix)
        self.problem, self.fix = problem, fix

    def __str__(self) -> str:
        return f"{self.problem}. {self.fix}" if self.fix else self.problem


class ModelTooNew(ModelBroken):
    """Its format (IR) is newer than the engine reads; often nothing in it but the number is. `newest` is read."""

    def __init__(self, *, problem: str, newest: int) -> None:
        fix = f"Write it as IR {newest}: kassandra models init does, or model.ir_version = {newest} before onnx.save"
        super().__init__(problem=problem, fix=fix)
        self.newest = newest


class OpsetTooNew(ModelBroken):
    """Its operators are of a newer version than the engine knows; an older one may do the same."""

    def __init__(self, *, opset: int) -> None:
        fix = "Export it with an older one: opset_version=21 in torch.onnx.export, target_opset=21 in skl2onnx"
        super().__init__(problem=f"its opset {opset} is newer than onnxruntime knows", fix=fix)


class RunTimeout(InferenceError):
    """The run was stopped after the manifest's `runtime.timeout` seconds."""

    retryable = True
    message = N_("The model did not answer in {seconds} s.")

    fix = "Raise runtime.timeout, or take a smaller model"

    @property
    def problem(self) -> str:
        return f"one run takes over {self.params['seconds']:g} s"

    def __str__(self) -> str:
        return f"{self.problem}. {self.fix}"


class RunFailed(InferenceError):
    """The runtime refused this row; it refuses the same row again, unless memory was short."""

    message = N_("The model could not answer.")

    def __init__(self, *, problem: str, retryable: bool = False) -> None:
        super().__init__(problem=problem)
        self.problem, self.retryable = problem, retryable

    def __str__(self) -> str:
        return self.problem


class BadInput(InferenceError):
    """The row does not fit the manifest: a value is missing or of another type."""

    message = N_("The value “{name}” does not fit this model any more. Please fill in the form again.")


class BadOutput(InferenceError):
    """The model answered with what cannot be shown: not a number, or of a shape the manifest does not tell."""

    message = N_("The model gave no usable answer.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class NotDelivered(InferenceError):
    """The model answered, and the answer never reached the customer in any form."""

    message = N_("The answer could not be delivered to you.")


class InvalidValue(ShopError):
    """What a person entered does not fit the question; the message says what is allowed."""

    message = N_("This value does not fit.")

    def __init__(self, message: str | None = None, **params: Any) -> None:  # Any: whatever str.format takes
        if message is not None:
            self.message = message
        super().__init__(**params)


class NotANumber(InvalidValue): ...


class NotWhole(InvalidValue): ...


class OutOfRange(InvalidValue): ...


class WrongUnit(InvalidValue): ...


class NotAnOption(InvalidValue):
    message = N_("Please choose one of: {options}.")


class NotYesNo(InvalidValue):
    message = N_("Please answer yes or no.")


class NotADate(InvalidValue): ...


class TextTooShort(InvalidValue):
    """`min` and `count` are plural-aware."""

    message = N_("At least {min} characters are expected, {count} given.")


class TextTooLong(InvalidValue):
    """`max` and `count` are plural-aware."""

    message = N_("At most {max} characters are expected, {count} given.")


class NotAText(InvalidValue):
    message = N_("A picture is expected here. Please send a photo.")


class WrongCount(InvalidValue):
    """Several values at once, but not as many as there are questions; both numbers are plural-aware."""

    message = N_("{expected} values are expected, {given} given.")


class InvalidMember(InvalidValue):
    """One of several values is wrong; `position` counts from 1, `problem` is the error of that value."""

    message = N_("Value {position}, “{label}”: {problem}")

    def __init__(self, *, position: int, label: object, problem: InvalidValue) -> None:
        super().__init__(position=position, label=label, problem=problem)
        self.position, self.problem = position, problem


class FileTooLarge(InvalidValue):
    message = N_("The file is too large: at most {megabytes} MB.")


class TooMuch(InvalidValue):
    """Reading it went over the bounds of time or memory."""

    message = N_("This file takes too much work to read. Please send a simpler or smaller one.")


class NotATextFile(InvalidValue):
    message = N_("This is not a text or CSV file with numbers.")


class NoNumbers(InvalidValue):
    message = N_("No numbers were found. Send one value per line, or a CSV file with a column of prices.")


class TooFewValues(InvalidValue):
    """`min` and `count` are plural-aware."""

    message = N_("At least {min} values are needed, {count} given.")


class TooManyValues(InvalidValue):
    message = N_("There are too many lines or numbers: at most {max} are read.")


class ColumnWanted(InvalidValue):
    """A table has several columns with numbers; `columns` are pairs of number and heading."""

    message = N_("The table has several columns with numbers. Which one should be taken?")

    def __init__(self, *, columns: Sequence[tuple[int, str]]) -> None:
        super().__init__(columns=", ".join(name or str(number) for number, name in columns))
        self.columns = columns


class BadLine(InvalidValue):
    message = N_("Line {line}: “{given}” is not a number.")


class LineOutOfRange(InvalidValue):
    """A value of a series outside its range; `problem` is the error that tells the range."""

    message = N_("Line {line}: {given} does not fit. {problem}")


class TooManyColumns(InvalidValue):
    message = N_("Line {line} has {count} columns and the header {expected}. Put numbers with a comma into quotes.")


class NotAnImage(InvalidValue):
    message = N_("This is not a picture that can be read. Send a JPEG, PNG or WebP.")


class ImageTooLarge(InvalidValue):
    message = N_(
        "The picture is too large: of this kind at most {megapixels} million points are read. "
        "Send it as a photo, not as a file: Telegram makes it smaller."
    )


class BlankImage(InvalidValue):
    message = N_("Nothing is drawn on the picture. Write larger and darker on a plain background.")
