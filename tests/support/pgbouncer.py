"""PgBouncer in transaction mode before the test's PostgreSQL, where it is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from tests.support.ports import free_port
from tests.support.waiting import until

CONFIG = """[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


@asynccontextmanager
async def running_pgbouncer(database_url: str) -> AsyncIterator[str]:
    """The address of the same database through it: three connections to the server for all who come."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    url, port = make_url(database_url), free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = start(program, write_config(Path(folder), url, port))
        try:
            await until(lambda: answers(port))
            yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            process.terminate()
            process.wait(timeout=10)


def write_config(folder: Path, url: URL, port: int) -> Path:
    folder.chmod(0o755)  # it does not run as root
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(host=url.host, port=url.port or 5432, user=url.username, own_port=port))
    return config


def start(program: str, config: Path) -> "subprocess.Popen[bytes]":
    command = [program, "--quiet", *(["--user", "nobody"] if os.geteuid() == 0 else []), str(config)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
