"""Two languages from gettext catalogues. The `.po` files are read at start: nothing has to be compiled first."""

import datetime as dt
import gettext
import io
from functools import cache, cached_property
from html import escape
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from db.tables.currencies import Currency
from services.billing.credits import Amount, format_credits
from services.charts import AxisNumbers
from services.errors import ShopError
from services.manifests.labels import NAMELESS
from services.manifests.manifest import Text
from services.money import Money
from services.numbers import HUGE, in_powers, is_plain

LANGUAGES: Final = ("ru", "en")
LOCALES = Path(__file__).parent.parent / "locales"
DOMAIN = "kassandra"


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


class Translator:
    """Says things in one language. `gettext` and `ngettext` make plain text (buttons, notices); `html` and `nhtml`
    make message texts: what is filled in is escaped unless it is `Html`. Placeholders are named: `{price}`."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations, zone: ZoneInfo) -> None:
        self.language = language
        self._locale = Locale.parse(language)  # by its name Babel would look for a file each time
        self._catalogue = catalogue
        self.zone = zone

    def gettext(self, message: str, **params: Any) -> str:  # Any: whatever str.format takes
        text = self._catalogue.gettext(message)
        return text.format(**params) if params else text

    def ngettext(self, one: str, many: str, n: int, **params: Any) -> str:
        return self._catalogue.ngettext(one, many, n).format(n=n, **params)

    def html(self, message: str, **params: Any) -> Html:
        return _unbroken(self.gettext(message, **_escaped(params)))

    def nhtml(self, one: str, many: str, n: int, **params: Any) -> Html:
        return _unbroken(self.ngettext(one, many, n, **_escaped(params)))

    @staticmethod
    def escape(text: str) -> Html:
        return Html(escape(text, quote=False))

    def error(self, error: ShopError) -> str:
        """The user's sentence, as plain text: nested errors worded, manifest texts picked, bounds as people here
        write them."""
        params = {name: self._worded(error, name, value) for name, value in error.params.items()}
        if (counted := error.counted) is not None and isinstance(number := error.params.get(counted.by), int):
            return self.ngettext(counted.one, counted.many, number, **params)
        return self.gettext(error.message, **params) if params else self.gettext(error.message)

    def error_html(self, error: ShopError) -> Html:
        """The same, for a message's text."""
        return self.escape(self.error(error))

    def _worded(self, error: ShopError, name: str, value: Any) -> Any:  # Any: whatever str.format takes
        match value:
            case ShopError():
                return self.error(value)
            case Money():
                return self.money(value)
            case Text() | dict():
                return self.pick(value)
            case Amount():
                return self.written(value)
            case str() if name in error.figures:
                return self._written(value)
        return value

    def _written(self, text: str) -> str:
        """A plain number or an ISO date as this language writes it; anything else as it is."""
        try:
            return self.day(dt.date.fromisoformat(text)) if text.count("-") == 2 else self.figure(float(text), 12)
        except ValueError:
            return text

    def label(self, label: str) -> str:
        """A class or an option as it is called; one without a name is called so in the person's language."""
        return self.gettext("(none)") if label == NAMELESS else label

    def pick(self, text: Text | dict[str, str] | str) -> str:
        """One language of a manifest's text or a `{ru, en}` map, with a fallback."""
        if isinstance(text, str):
            return text
        if isinstance(text, Text):
            return self.label(text.pick(self.language))
        return text.get(self.language) or text.get("en") or next(iter(text.values()), "")

    def number(self, value: float, decimals: int) -> str:
        """With so many decimals, or as a power of ten where they would not show it."""
        if not is_plain(value, decimals):
            return in_powers(value, self._locale.number_symbols["latn"]["decimal"])
        shown = 0 if abs(value) >= HUGE else decimals
        pattern = "#,##0" + ("." + "0" * shown if shown else "")
        return format_decimal(value, format=pattern, locale=self._locale)

    def axis(self, decimals: int) -> AxisNumbers:
        """How `number` writes, for who knows no language."""
        signs = self._locale.number_symbols["latn"]
        return AxisNumbers(decimals=decimals, point=signs["decimal"], group=signs["group"])

    def figure(self, value: float, decimals: int) -> str:
        """At most so many decimals, without idle zeros, as it may also be typed: `1,065` would be read with a decimal
        comma, so only longer numbers are grouped by commas."""
        if isinstance(value, int) and is_plain(value, 0):
            decimals = 0
        elif value and not 1e-12 < abs(value) < 1e15:
            return f"{value:.6g}".replace(".", "," if self.language == "ru" else ".")
        whole = "#,##0" if abs(value) >= (10_000 if self.language == "ru" else 1_000_000) else "0"
        return str(format_decimal(value, format=f"{whole}.{'#' * decimals}".rstrip("."), locale=self._locale))

    def credits(self, hundredths: int) -> str:
        """`1.00 credit`, `1.50 credits`; a fraction takes the form of two, in Russian too: 1.50 кредита."""
        whole, rest = divmod(abs(hundredths), 100)
        return self.ngettext(
            "{amount} credit", "{amount} credits", 2 if rest else whole, amount=self.amount(hundredths)
        )

    def amount(self, hundredths: int) -> str:
        """Of credits, without the word: `1.50`, in Russian `1,50`."""
        return self.written(format_credits(hundredths))

    @property
    def decimal_sign(self) -> str:
        return str(self._locale.number_symbols["latn"]["decimal"])

    def written(self, amount: Amount) -> str:
        """With this language's decimal sign."""
        return amount.replace(".", ",") if self.language == "ru" else str(amount)

    def money(self, money: Money) -> str:
        """`350 000 ₽`, `⭐ 50`."""
        words = self.written(money.words)
        return f"⭐ {words}" if money.currency == Currency.XTR else f"{words} ₽"

    def day(self, day: dt.date) -> str:
        """A date in digits, as it may also be typed."""
        return f"{day:%d.%m}.{day.year:04d}" if self.language == "ru" else day.isoformat()

    def date(self, at: dt.datetime | dt.date) -> str:
        """In words; of a moment the day that it is here."""
        day = at.astimezone(self.zone).date() if isinstance(at, dt.datetime) else at
        return format_date(day, format="d MMMM y", locale=self._locale)

    def date_and_time(self, at: dt.datetime) -> str:
        """Where it stands beside a `date`; with the zone, since readers live in many."""
        zone = "VVV" if "/" in self.zone.key else f"'{self.zone.key}'"  # its city, where it has one
        return format_datetime(at.astimezone(self.zone), format=f"d MMMM y, HH:mm ({zone})", locale=self._locale)

    def moment(self, at: dt.datetime) -> str:
        """As `day`, with the time."""
        here = at.astimezone(self.zone)
        return f"{self.day(here.date())} {here:%H:%M}"

    def short_moment(self, at: dt.datetime) -> str:
        """For buttons, where room is short: without the year."""
        here = at.astimezone(self.zone)
        return f"{here:%d.%m %H:%M}" if self.language == "ru" else f"{here:%m-%d %H:%M}"


class Catalogues:
    """All translators; what an unknown language falls back to is the shop's setting."""

    def __init__(self, *, default: str = "ru", zone: str = "Europe/Moscow", folder: Path = LOCALES) -> None:
        self.default = default
        self._folder = folder
        self._zone = ZoneInfo(zone)

    @cached_property
    def _all(self) -> dict[str, Translator]:
        return {code: Translator(code, _read(self._folder, code), self._zone) for code in LANGUAGES}

    def __getitem__(self, language: str) -> Translator:
        return self._all.get(language) or self._all[self.default]

    def best(self, telegram_code: str | None) -> str:
        """The shop's language for Telegram's `language_code`, such as `ru`, `en-GB` or none."""
        code = (telegram_code or "").split("-")[0].lower()
        if code in LANGUAGES:
            return code
        return self.default if not code else "en"


@cache
def _read(folder: Path, code: str) -> gettext.NullTranslations:
    """Once in a process: it takes a third of a second."""
    with (folder / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _unbroken(text: str) -> Html:
    """A sum and its sign stay in one line."""
    return Html(text.replace(" ₽", "\u00a0₽"))


def _escaped(params: dict[str, Any]) -> dict[str, Any]:
    return {
        k: escape(v, quote=False) if isinstance(v, str) and not isinstance(v, Html) else v for k, v in params.items()
    }
