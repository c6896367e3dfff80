"""What must not depend on which module happens to be imported first."""

import subprocess
import sys

import pytest

from db.migrate import MIGRATIONS

UNTYPED = """
import {module}
from db.base import Base
for table in Base.metadata.tables.values():
    for column in table.columns:
        assert not column.type._isnull, column
"""


@pytest.mark.parametrize("module", ["db.tables.billing", "db.base", "services.billing.ledger"])
def test_columns_have_their_types_whatever_comes_first(module: str) -> None:
    """A statement built over an untyped foreign key would not convert its values."""
    script = UNTYPED.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=MIGRATIONS.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
