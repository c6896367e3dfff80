"""Addresses of databases as hosting services give them, and what each driver is told."""

import ssl
import sys
from typing import Any

import pytest
from sqlalchemy import make_url

from db.connections import async_url, read_address, sync_url
from db.postgresql import BadAddress, drivers_of

SECRET = "se-cr-et"


def told(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What asyncpg and psycopg get besides the place."""
    places = {"host", "port", "user", "password", "database", "dbname"}
    drivers = drivers_of(read_address(url))
    asyncpg, psycopg = (
        {name: value for name, value in arguments.items() if name not in places}
        for arguments in (drivers.asyncpg, drivers.psycopg)
    )
    return asyncpg, psycopg


@pytest.mark.parametrize(
    "url",
    [
        "postgres://anna:pw@db.example/shop",
        "postgresql://anna:pw@db.example:5432/shop",
        "postgresql+asyncpg://anna:pw@db.example/shop",
        "postgresql+psycopg://anna:pw@db.example/shop",
        "postgresql://db.example/?user=anna&password=pw&dbname=shop",
        "postgresql:///shop?host=db.example&user=anna&password=pw",
    ],
)
def test_spellings_of_one_place(url: str) -> None:
    drivers = drivers_of(read_address(url))
    assert async_url(url).drivername == "postgresql+asyncpg"
    assert sync_url(url).drivername == "postgresql+psycopg"
    assert drivers.asyncpg == {
        "host": ["db.example"], "port": [5432], "user": "anna", "password": "pw", "database": "shop",
    }  # fmt: skip
    assert drivers.psycopg == {
        "host": "db.example", "port": "5432", "user": "anna", "password": "pw", "dbname": "shop",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://u:p@one:6432,two/shop?sslmode=require", ["one", "two"], [6432, 5432]),
        ("postgresql://u:p@/shop?host=one:1,two:2", ["one", "two"], [1, 2]),
        ("postgresql://u:p@/shop?host=one:1&host=two:2", ["one", "two"], [1, 2]),
        ("postgresql://u:p@/shop?host=one,two&port=6432", ["one", "two"], [6432, 6432]),
        ("postgresql://u:p@[2001:db8::1]:6432/shop", ["2001:db8::1"], [6432]),
        ("postgresql://u@/shop?host=[2001:db8::1]:6432", ["2001:db8::1"], [6432]),
        ("postgresql:///shop?host=/var/run/postgresql", ["/var/run/postgresql"], [5432]),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/shop", ["/var/run/postgresql"], [5432]),
    ],
)
def test_servers(url: str, hosts: list[str], ports: list[int]) -> None:
    drivers = drivers_of(read_address(url))
    assert (drivers.asyncpg["host"], drivers.asyncpg["port"]) == (hosts, ports)
    assert (drivers.psycopg["host"], drivers.psycopg["port"]) == (",".join(hosts), ",".join(map(str, ports)))


@pytest.mark.parametrize(
    ("words", "mode"),
    [("sslmode=require", "require"), ("ssl=true", "require"), ("ssl=verify-full", "verify-full"), ("ssl=0", "disable")],
)
def test_a_demand_for_tls_reaches_both(words: str, mode: str) -> None:
    asyncpg, psycopg = told(f"postgres://u:p@h/db?{words}")
    assert asyncpg == {"dsn": f"postgresql://?sslmode={mode}"}
    assert psycopg == {"sslmode": mode}


def test_certificates() -> None:
    asyncpg, psycopg = told("postgres://u:p@h/db?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert asyncpg == {"dsn": "postgresql://?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"}
    assert psycopg == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    asyncpg, psycopg = told("postgres://u:p@h/db?sslmode=verify-full&sslrootcert=system")
    assert isinstance(asyncpg["ssl"], ssl.SSLContext)
    assert asyncpg["ssl"].check_hostname
    assert asyncpg["ssl"].verify_mode is ssl.CERT_REQUIRED
    assert psycopg["sslrootcert"] == "system"


def test_what_else_services_add() -> None:
    asyncpg, psycopg = told(
        "postgresql://u:p@h/db?channel_binding=require&application_name=my%20shop&connect_timeout=10"
        "&options=-c%20statement_timeout%3D5s&target_session_attrs=read-write"
    )
    assert asyncpg == {
        "server_settings": {"application_name": "my shop", "options": "-c statement_timeout=5s"},
        "target_session_attrs": "read-write",
        "timeout": 10.0,
    }
    assert psycopg == {
        "channel_binding": "require",
        "application_name": "my shop",
        "connect_timeout": "10",
        "options": "-c statement_timeout=5s",
        "target_session_attrs": "read-write",
    }


def test_pgbouncer() -> None:
    asyncpg, psycopg = told("postgresql://u:p@h:6432/db?pgbouncer=true")
    assert (asyncpg["statement_cache_size"], asyncpg["prepared_statement_cache_size"]) == (0, 0)
    assert psycopg == {"prepare_threshold": None}
    assert told("postgresql://u:p@h:6432/db?pgbouncer=false") == ({}, {})


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("", "sqlite:///data/kassandra.db"),
        ("shop.db", "sqlite:///data/kassandra.db"),
        ("mysql://u:{}@h/db", "only SQLite and PostgreSQL"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite://data/shop.db", "three slashes"),
        ("sqlite:///shop.db?timeout=5", "takes none"),
        ("sqlite:///a%00b.db", "zero byte"),
        ("postgres://u%00:{}@h/db", "zero byte"),
        ("postgres://u:{}@h/d%00b", "zero byte"),
        ("postgres://u:{}@/db?host=h%00", "zero byte"),
        ("postgres://u:{}@h:many/db", "is not an address"),
        ("postgres://u:{}@h/db?connection_limit=1", "connection_limit"),
        ("postgres://u:{}@h/db?sslmode=strict", "sslmode"),
        ("postgres://u:{}@h/db?ssl=maybe", "ssl"),
        ("postgres://u:{}@h/db?ssl=true&sslmode=disable", "sslmode"),
        ("postgres://u:{}@h/db?sslmode=require&sslmode=prefer", "sslmode twice"),
        ("postgres://u:{}@h/db?channel_binding=yes", "channel_binding"),
        ("postgres://u:{}@h/db?target_session_attrs=master", "target_session_attrs"),
        ("postgres://u:{}@h/db?connect_timeout=1.5", "connect_timeout"),
        ("postgres://u:{}@h/db?pgbouncer=maybe", "pgbouncer"),
        ("postgres://u:{}@one:0,two/db", "port"),
        ("postgres://u:{}@/db?host=one,two&port=1,2,3", "ports"),
    ],
)
def test_what_is_not_understood_is_named(url: str, named: str) -> None:
    with pytest.raises(BadAddress, match=named) as refused:
        read_address(url.format(SECRET))
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_drivers_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(BadAddress, match=r"requirements/server\.txt"):
        read_address("postgres://u:p@h/db")
    assert read_address("sqlite:///shop.db") == make_url("sqlite:///shop.db")
