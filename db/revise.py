"""`python -m db.revise "why"`: writes the next revision from the difference between the tables and the newest one."""

import argparse
import tempfile
from pathlib import Path

from db.base import also_in_postgresql
from db.connections import sqlite_engine, sync_url
from db.migrate import alembic_config, head_revision, upgrade
from db.tables import metadata


def revise(message: str) -> str:
    """Returns the new revision. Read it before it is committed: a renamed column is written as dropped and added, a
    CHECK is not seen at all, and a table that SQLite builds anew loses its triggers."""
    from alembic import command

    also_in_postgresql(metadata)
    revision = f"{int(head_revision()) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'head.db'}"
        upgrade(url)
        with sqlite_engine(sync_url(url)).connect() as connection:
            command.revision(alembic_config(connection), message, autogenerate=True, rev_id=revision)
    return revision


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message")
    revise(parser.parse_args().message)
