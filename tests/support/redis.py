"""A Redis to test on."""

import os
from uuid import uuid4

import pytest


def find_redis() -> str:
    """`TEST_REDIS_URL`, or database 15 of a local server. Where there is none the test is skipped with the reason; with
    CI in the environment it fails."""
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    try:
        from redis import Redis
        from redis.exceptions import RedisError
    except ImportError:
        pytest.skip("the package redis is not installed")
    try:
        with Redis.from_url(url, socket_connect_timeout=3) as client:
            client.set(f"kassandra-test:{uuid4().hex}", "1", ex=1)
    except RedisError as error:
        message = f"no Redis to test on ({url}: {error}); start one or set TEST_REDIS_URL"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return url
