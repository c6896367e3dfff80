"""The way to the Redis that processes of one shop share. One that is away is told as the database is: nothing was done,
and the same may succeed later."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio.client import Redis
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from db.errors import DatabaseUnavailable

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
CONNECTIONS = 50


def connect(url: str) -> Redis:
    """A Redis that takes calls and does not answer counts as away, too."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=ANSWER_SECONDS,  # for a free one: a crowd of updates waits, where it would be refused
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 1),  # a connection that was closed meanwhile
    )
    return Redis(connection_pool=pool)


def prefix_of(shop: str) -> str:
    """What tells the keys of a shop from those of others; in braces: a cluster keeps them together."""
    return f"{{kassandra:{shop}}}:"


@contextmanager
def outages() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise DatabaseUnavailable(f"Redis does not answer: {error}") from error
