"""Tables of ISS, Moscow Exchange's protocol: rows by the names of their columns, whose order changes."""

import json
from collections.abc import Mapping
from typing import Any, Final

from services.market.providers.base import ProviderAway, ProviderNonsense
from services.market.providers.http import BoundedReader

Row = Mapping[str, Any]  # Any: JSON
MAX_TABLE_ROWS: Final = 20_000


class IssTables:
    """What one address of it answers. `root`: MARKET_DATA_URL."""

    def __init__(self, root: str, reader: BoundedReader) -> None:
        self._root, self._reader = root.rstrip("/"), reader

    async def ask(self, path: str, *names: str, **query: str) -> dict[str, list[Row]]:
        """These tables; empty ones where the answer has none of a name. Raises ProviderAway, ProviderNonsense."""
        wanted = {"iss.meta": "off", "iss.only": ",".join(names)}
        fields = {key.replace("__", "."): value for key, value in query.items()}
        status, body = await self._reader.get(f"{self._root}{path}.json", wanted | fields)
        if status != 200:
            raise ProviderAway(f"status {status}")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise ProviderNonsense("the answer is no JSON") from None
        if not isinstance(told, dict) or not any(name in told for name in names):
            raise ProviderNonsense("the answer has no tables")
        return {name: _rows(told.get(name)) for name in names}


def _rows(table: object) -> list[Row]:
    if table is None:
        return []
    columns, data = (table.get("columns"), table.get("data")) if isinstance(table, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(data, list) or len(data) > MAX_TABLE_ROWS:
        raise ProviderNonsense("a table is none")
    names = [str(name).lower() for name in columns]
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        raise ProviderNonsense("a row has not as many cells as there are columns")
    return [dict(zip(names, row, strict=True)) for row in data]
