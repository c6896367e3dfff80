"""What can be wrong with what a person enters.

Parameters of messages may be a `Text` of the manifest, which the edge picks in its language (English otherwise),
or another error of this file, which the edge words first.
"""

from collections.abc import Sequence
from typing import Any

from services.errors import N_, NN_, ShopError


class InvalidValue(ShopError):
    """What a person entered does not fit the question; the message says what is allowed."""

    message = N_("This value does not fit.")
    figures = frozenset({"min", "max", "above", "example"})

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
    counted = NN_(
        "At least {min} character is expected, {count} given.",
        "At least {min} characters are expected, {count} given.",
        "min",
    )
    message = counted.many


class TextTooLong(InvalidValue):
    counted = NN_(
        "At most {max} character is expected, {count} given.",
        "At most {max} characters are expected, {count} given.",
        "max",
    )
    message = counted.many


class TextTooLongForModel(InvalidValue):
    """It has more tokens than the model reads."""

    message = N_("The text is longer than this model can read. Please send a shorter one.")


class UnknownCharacter(InvalidValue):
    message = N_("This model does not know “{given}”. Please write without it.")


class NotAText(InvalidValue):
    message = N_("A picture is expected here. Please send a photo.")


class TooFewPictures(InvalidValue):
    counted = NN_(
        "At least {min} picture is needed, {count} given.",
        "At least {min} pictures are needed, {count} given.",
        "min",
    )


class TooManyPictures(InvalidValue):
    counted = NN_("At most {max} picture is taken.", "At most {max} pictures are taken.", "max")


class WrongCount(InvalidValue):
    """Several values at once, but not as many as there are questions."""

    counted = NN_(
        "{expected} value is expected, {given} given.",
        "{expected} values are expected, {given} given.",
        "expected",
    )
    message = counted.many


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
    counted = NN_(
        "At least {min} value is needed, {count} given.",
        "At least {min} values are needed, {count} given.",
        "min",
    )
    message = counted.many


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


class MissingColumn(InvalidValue):
    """`column` is its name, in words where somebody reads it."""

    message = N_("The table has no column “{column}”. Its first line has to name the columns.")


class WrongCell(InvalidValue):
    message = N_("Line {line}, column “{column}”: “{given}” is not a number.")


class CellOutOfRange(InvalidValue):
    """`problem` is the error that tells the range."""

    message = N_("Line {line}, column “{column}”: {given} does not fit. {problem}")


class TooFewLines(InvalidValue):
    counted = NN_(
        "At least {min} line is needed, {count} given.",
        "At least {min} lines are needed, {count} given.",
        "min",
    )


class TooManyLines(InvalidValue):
    counted = NN_(
        "At most {max} line is taken, {count} given.",
        "At most {max} lines are taken, {count} given.",
        "max",
    )


class UnclosedQuote(InvalidValue):
    message = N_("Line {line}: a quotation mark is opened and never closed.")


class LineOutOfRange(InvalidValue):
    """A value of a series outside its range; `problem` is the error that tells the range."""

    message = N_("Line {line}: {given} does not fit. {problem}")


class TooManyColumns(InvalidValue):
    message = N_("Line {line} has {count} columns and the header {expected}. Put numbers with a comma into quotes.")


class NotATable(InvalidValue):
    message = N_("This is no table that can be read. Send a CSV or Excel (XLSX) file.")


class MarkedUp(NotATable):
    """A page with a table, or XML, as many programs save under the name of a workbook."""

    message = N_("Inside this file is a web page or XML. Open it in Excel, save it as XLSX, and send that.")


class NoRows(InvalidValue):
    message = N_("The table has no rows below its header.")


class TooManyRows(InvalidValue):
    message = N_("The table has {count} rows; at most {max} are taken at once. Please split it.")


class TooWide(InvalidValue):
    message = N_("The table has more than {max} columns. Please leave only those that are needed.")


class PasswordProtected(InvalidValue):
    message = N_("The file is protected by a password. Please save it without one.")


class TotalsRow(InvalidValue):
    message = N_("It looks like a total, so it is not answered.")


class EmptyCell(InvalidValue):
    message = N_("The cell is empty.")


class NotAnImage(InvalidValue):
    message = N_("This is not a picture that can be read. Send a JPEG, PNG or WebP.")


class MovingPicture(InvalidValue):
    message = N_("This picture moves. Please send one that stands still: a photo, JPEG, PNG or WebP.")


class ImageTooLarge(InvalidValue):
    message = N_(
        "The picture is too large: of this kind at most {megapixels} million points are read. "
        "Send it as a photo, not as a file: Telegram makes it smaller."
    )


class BlankImage(InvalidValue):
    message = N_("Nothing is drawn on the picture. Write larger and darker on a plain background.")


class SoundExpected(InvalidValue):
    message = N_("A sound is expected here: a voice message or an audio file.")


class UnreadableSound(InvalidValue):
    message = N_("This is not a sound that can be played. Send a voice message, or an MP3, M4A, OGG, WAV or FLAC file.")


class SoundTooLong(InvalidValue):
    message = N_("This sound lasts {given}, at most {most} can be listened to. Please send a part of it.")


class SoundTooShort(InvalidValue):
    message = N_("This sound is too short: at least {min} s are needed.")


class WrongRate(InvalidValue):
    """Of a sound that a program uploaded for another model."""

    message = N_("This sound was uploaded for another model. Upload it again with rate={wanted}.")


class SoundNotKept(InvalidValue):
    message = N_("This sound is not kept any more. Please send it again.")


class Unanswered(InvalidValue):
    message = N_("An answer is needed here.")


class PictureNotKept(InvalidValue):
    message = N_("This picture is not kept any more. Please choose one again.")
