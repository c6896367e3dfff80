"""Why there are no prices of a paper. Each is told to the customer; nothing was charged."""

import datetime as dt
from collections.abc import Sequence

from services.errors import N_, NN_
from services.market.prices import Instrument
from services.values.errors import InvalidValue


class NoPrices(InvalidValue):
    """The base of what may be wrong with a paper."""

    message = N_("There are no prices of this paper.")


class InstrumentUnknown(NoPrices):
    message = N_("“{given}” was not found. Please type a ticker, such as SBER, an ISIN or a part of the name.")

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class HistoryTooShort(NoPrices):
    counted = NN_(
        "{symbol} has been traded for {count} day only; at least {min} are needed.",
        "{symbol} has been traded for {count} days only; at least {min} are needed.",
        "count",
    )
    message = counted.many

    def __init__(self, *, symbol: str, count: int, least: int) -> None:
        super().__init__(symbol=symbol, count=count, min=least)


class HistoryInterrupted(HistoryTooShort):
    """It was traded before, and what comes after a long pause is too short."""

    counted = NN_(
        "{symbol} was not traded for long before {day}: there is {count} close since, and at least {min} are needed.",
        "{symbol} was not traded for long before {day}: there are {count} closes since, and at least {min} are needed.",
        "count",
    )
    figures = frozenset({"day"})
    message = counted.many

    def __init__(self, *, symbol: str, day: dt.date, count: int, least: int) -> None:
        NoPrices.__init__(self, symbol=symbol, day=day.isoformat(), count=count, min=least)


class TradedTooRarely(NoPrices):
    """It has no daily changes."""

    counted = NN_(
        "{symbol} is traded too rarely for a forecast: there were trades on {count} of the last {days} trading day.",
        "{symbol} is traded too rarely for a forecast: there were trades on {count} of the last {days} trading days.",
        "days",
    )
    message = counted.many

    def __init__(self, *, symbol: str, count: int, days: int) -> None:
        super().__init__(symbol=symbol, count=count, days=days)


class NoLongerTraded(NoPrices):
    figures = frozenset({"last"})
    message = N_("{symbol} is not traded any more: its last close is of {last}.")

    def __init__(self, *, symbol: str, last: dt.date) -> None:
        super().__init__(symbol=symbol, last=last.isoformat())


class TradingHalted(NoPrices):
    figures = frozenset({"last"})
    message = N_("{symbol} is not traded just now: its last close is of {last}, too old for a forecast.")

    def __init__(self, *, symbol: str, last: dt.date) -> None:
        super().__init__(symbol=symbol, last=last.isoformat())


class NotYetTraded(NoPrices):
    message = N_("{symbol} has not been traded yet.")

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol=symbol)


class ExchangeSilent(NoPrices):
    """It does not answer, or nothing that can be read, and no prices are kept that are young enough."""

    message = N_("The exchange does not answer just now. Please try again later, or send your own prices.")


class AnswerUnreadable(NoPrices):
    """It answered, and what it said are no prices."""

    message = N_("The exchange gave prices of {symbol} that make no sense. Please try again later.")

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol=symbol)


class PaperWanted(NoPrices):
    """Several bear such a name; `found` are those."""

    message = N_("Which of them do you mean?")

    def __init__(self, found: Sequence[Instrument]) -> None:
        super().__init__()
        self.found = found


class PricesDoubtful(NoPrices):
    """Of a program, which looks at nothing before it pays: it has to accept them."""


class JumpUnaccepted(PricesDoubtful):
    figures = frozenset({"day", "last"})
    message = N_(
        "The price of {symbol} jumped on {day}, and no split of the paper explains it. "
        "To use these prices, which end on {last}, send accept with that day."
    )

    def __init__(self, *, symbol: str, day: dt.date, last: dt.date) -> None:
        super().__init__(symbol=symbol, day=day.isoformat(), last=last.isoformat())


class StaleUnaccepted(PricesDoubtful):
    figures = frozenset({"last"})
    message = N_(
        "The exchange does not answer just now, and the prices of {symbol} that are kept end on {last}. "
        "To use these, send accept with that day."
    )

    def __init__(self, *, symbol: str, last: dt.date) -> None:
        super().__init__(symbol=symbol, last=last.isoformat())


class PricesUnseen(NoPrices):
    """They were fetched just now, and nobody has looked at their dates yet."""

    message = N_("These prices will be used. Please look at them and press the button once more.")


class PricesJumped(PricesUnseen):
    """The same, of prices that no split explains."""

    figures = frozenset({"day"})
    message = N_(
        "The price of {symbol} jumped on {day}, and no split of the paper explains it. "
        "If it is a real price, press the button once more."
    )

    def __init__(self, *, symbol: str, day: dt.date) -> None:
        super().__init__(symbol=symbol, day=day.isoformat())
