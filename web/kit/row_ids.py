"""Numbers of rows in addresses: those that a row can have."""

from typing import Annotated

from fastapi import Path

RowId = Annotated[int, Path(ge=1, le=2**53)]
