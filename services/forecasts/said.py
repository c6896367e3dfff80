"""What a forecast says that can be judged, and of what paper: read out of an answer, kept as JSON."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from db.base import JsonObject
from services.manifests.inputs import SeriesInput
from services.manifests.live import ListedSymbol, LivePrices, source_of
from services.manifests.manifest import Manifest
from services.manifests.outcomes import DeclaredOutcome
from services.manifests.schema import Text

FEWEST_CLOSES = 2
MOST: Final = 1e12  # of what is said, either way


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOutcome:
    """`measure`: the threshold of a drawdown, else the level. `stated`: a probability, or a quantile in per cent; a
    band has the closes `low` and `high` at the horizon instead."""

    name: str
    event: str
    output: str
    measure: float
    stated: float | None = None
    low: float | None = None
    high: float | None = None

    def dump(self) -> JsonObject:
        told = {"stated": self.stated, "low": self.low, "high": self.high}
        known = {key: value for key, value in told.items() if value is not None}
        return {"name": self.name, "event": self.event, "output": self.output, "measure": self.measure, **known}

    @classmethod
    def load(cls, told: JsonObject) -> Self:
        """Databases keep 2.0 as 2; numbers are floats again here."""
        numbers = {key: _number(told.get(key)) for key in ("stated", "low", "high")}
        return cls(
            name=told["name"],
            event=told["event"],
            output=told["output"],
            measure=float(told["measure"]),
            **numbers,
        )


def stated_in(said: JsonObject) -> list[StatedOutcome]:
    """All of a forecast, as its row keeps them."""
    return [StatedOutcome.load(told) for told in said["outcomes"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Whose closes they are, and who knows more of them. `source` is without its other symbols."""

    source: LivePrices
    symbol: str
    name: str
    exchange: str

    @property
    def source_key(self) -> str:
        return source_key(self.source)

    @property
    def columns(self) -> JsonObject:
        return {
            "source_key": self.source_key,
            "source": self.source.model_dump(mode="json", exclude_none=True, exclude={"label"}),
            "symbol": self.symbol[:64],
            "name": self.name[:255],
            "exchange": self.exchange[:64],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewForecast:
    """`model_sha256`: the fingerprint of its files, empty where the shop cannot know it. `last_close`: of the day
    `last_day`, the last that the model knew."""

    model_slug: str
    model_version: str
    model_sha256: str
    paper: Paper
    last_day: dt.date
    last_close: float
    horizon: int
    said: Sequence[StatedOutcome]


def judged_input(manifest: Manifest) -> SeriesInput | None:
    """Where the closes go, of a model whose forecasts of live prices are judged."""
    if not manifest.outcomes:
        return None
    field = manifest.input(manifest.outcomes[0].input)
    return field if isinstance(field, SeriesInput) and field.live else None


def source_key(source: LivePrices) -> str:
    """An address may hold a key of the operator's: what is published has its digest."""
    return f"{source.provider}:{source.address}" if source.address else source.provider


def load_source(told: JsonObject) -> LivePrices:
    """As a row keeps it. Strict tables take tuples where JSON has lists."""
    return LivePrices.model_validate_json(json.dumps(told))


def paper_of(source: LivePrices, *, symbol: str, name: str, exchange: str) -> Paper:
    symbols = (ListedSymbol(value=symbol, label=Text.model_validate(name or symbol)),) if source.symbols else ()
    alone = source.model_copy(update={"label": None, "symbols": symbols})
    return Paper(source=alone, symbol=symbol, name=name, exchange=exchange)


def forecast_of(manifest: Manifest, inputs: JsonObject, outputs: Mapping[str, Any]) -> NewForecast | None:
    """Of a customer's answer; None where it cannot be judged: its model declares nothing, or its prices are from no
    exchange. Any: JSON of the outputs."""
    field = judged_input(manifest)
    given = None if field is None else inputs.get(field.name)
    if field is None or not isinstance(given, dict) or not isinstance(given.get("live"), dict):
        return None
    live, values = given["live"], given.get("values")
    source = source_of(
        field.live,
        provider=str(live.get("provider")),
        symbol=str(live.get("symbol")),
        address=str(live.get("address", "")),
    )
    said = said_in(manifest.outcomes, outputs)
    if source is None or not said or not isinstance(values, list) or len(values) < FEWEST_CLOSES:
        return None
    try:
        last_day, last_close = dt.date.fromisoformat(str(live["last"])[:10]), float(values[-1])
    except (KeyError, TypeError, ValueError):
        return None
    paper = paper_of(
        source,
        symbol=str(live["symbol"]),
        name=str(live.get("name") or ""),
        exchange=str(live.get("exchange") or ""),
    )
    return _made(manifest, paper, last_day, last_close, said)


def listed_forecast(
    manifest: Manifest, paper: Paper, outputs: Mapping[str, Any], *, last_day: dt.date, last_close: float
) -> NewForecast | None:
    """Of a paper of the list. Any: as above."""
    said = said_in(manifest.outcomes, outputs)
    return _made(manifest, paper, last_day, last_close, said) if said else None


def said_in(declared: Sequence[DeclaredOutcome], outputs: Mapping[str, Any]) -> list[StatedOutcome]:
    """All that is declared, or nothing: an answer without one of its outputs is judged by none. Any: JSON."""
    said = [_said(outcome, outputs.get(outcome.output)) for outcome in declared]
    return [each for each in said if each is not None] if all(said) else []


def _said(outcome: DeclaredOutcome, told: Any) -> StatedOutcome | None:  # Any: an output's JSON
    measure = outcome.threshold if outcome.threshold is not None else outcome.level
    assert measure is not None  # a validator of the manifest has seen to it
    said = StatedOutcome(name=outcome.name, event=outcome.event, output=outcome.output, measure=measure)
    if outcome.event == "inside":
        ends = _band_at(told, outcome.horizon)
        return None if ends is None else replace(said, low=ends[0], high=ends[1])
    number = _number(told)
    if number is None or (outcome.event == "drawdown" and not 0 <= number <= 1):
        return None
    return replace(said, stated=number)


def _band_at(told: Any, horizon: int) -> tuple[float, float] | None:  # Any: as above
    """The row of the horizon: of a band that ends there, its last."""
    if not isinstance(told, list) or len(told) < horizon or not isinstance(told[horizon - 1], list):
        return None
    row = told[horizon - 1]
    low, high = _number(row[0] if row else None), _number(row[-1] if row else None)
    return None if low is None or high is None or low > high else (low, high)


def _number(told: Any) -> float | None:  # Any: as above
    """-0.0 becomes 0.0: PostgreSQL keeps no such thing. What is beyond all measure could not be summed up."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not abs(told) <= MOST:
        return None
    return float(told) + 0.0


def _made(
    manifest: Manifest, paper: Paper, last_day: dt.date, last_close: float, said: Sequence[StatedOutcome]
) -> NewForecast | None:
    if not (math.isfinite(last_close) and last_close > 0):
        return None
    return NewForecast(
        model_slug=manifest.slug,
        model_version=manifest.version,
        model_sha256=manifest.runtime.fingerprint,
        paper=paper,
        last_day=last_day,
        last_close=last_close,
        horizon=manifest.outcomes[0].horizon,
        said=said,
    )
