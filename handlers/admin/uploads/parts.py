"""What owners tell of an upload that the file does not say, and what each is asked with."""

from enum import StrEnum
from typing import Final

from services.errors import N_


class UploadPart(StrEnum):
    """As stored in what waits for an answer, and in buttons."""

    NAME_RU = "ru"
    NAME_EN = "en"
    PRICE = "price"
    LABELS = "labels"
    FEATURES = "features"


QUESTIONS: Final = {
    UploadPart.NAME_RU: N_("What is the model called in Russian? For example: Сорт вина"),
    UploadPart.NAME_EN: N_("What is it called in English? For example: Sort of wine"),
    UploadPart.PRICE: N_("What does a prediction cost, in credits? Send 0 for free, for example 2.50."),
    UploadPart.LABELS: N_(
        "What are its answers called? Send the names one a line, in their order, or a text file with them. "
        "For two languages begin with the line ru;en and write кот;cat."
    ),
    UploadPart.FEATURES: N_(
        "What are its questions called? Send the names one a line, in the order of the columns, "
        "or a text file with them. For two languages begin with the line ru;en and write возраст;age."
    ),
}
BUTTONS: Final = {
    UploadPart.PRICE: N_("💲 Price"),
    UploadPart.LABELS: N_("🏷 Names of answers"),
    UploadPart.FEATURES: N_("❓ Names of questions"),
}
