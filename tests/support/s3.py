"""A real S3 server, as a process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.ports import free_port
from tests.support.waiting import until_open

BUCKET = "pictures"


@contextmanager
def s3_server() -> Iterator[str]:
    """Its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until_open(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def login(address: str) -> dict[str, str]:
    """The variables that all S3 programs read."""
    return {
        "AWS_ACCESS_KEY_ID": "anna",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
    }
