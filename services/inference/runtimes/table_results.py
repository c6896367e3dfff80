"""A table for each row of a batch."""

from typing import Any, Final

import numpy as np

from services.inference.errors import BadOutput
from services.inference.tensors import label_text
from services.manifests.outputs import TableOutput

MOST_CELLS: Final = 100_000


def table_column(output: TableOutput, tensor: Any, rows: int) -> list[Any]:  # Any: arrays, JSON
    """Answers of `[N, R, C]`; of `[N, C]` each is one line. BadOutput in rows with numbers that are not finite. Raises
    BadOutput where there are other columns."""
    cells, names = np.asarray(tensor), [column.name for column in output.columns]
    if not cells.ndim or cells.shape[-1] != len(names):
        problem = f"{output.name} of shape {list(cells.shape)} has other columns than the {len(names)} of the manifest"
        raise BadOutput(problem=problem, fix="Name as many columns as its last side has")
    cells = cells.reshape(rows, -1, len(names))
    if cells[0].size > MOST_CELLS:
        raise BadOutput(problem=f"{output.name} has {cells[0].size} cells; at most {MOST_CELLS} are kept")
    return [_table(names, each) for each in cells]


def _table(names: list[str], cells: Any) -> Any:  # Any: as above
    if cells.dtype.kind not in "fiub":
        listed = [[label_text(cell) for cell in line] for line in cells.tolist()]
    elif np.isfinite(cells).all():
        listed = cells.tolist()
    else:
        return BadOutput(problem="the answer is not a finite number")
    return {"columns": names, "rows": listed}
