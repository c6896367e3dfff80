"""A certificate for `telegram.invalid`, `yookassa.invalid` and 127.0.0.1 that the clients of a test trust."""

import ssl
from pathlib import Path

import certifi
import pytest
import requests.adapters

FOLDER = Path(__file__).parents[1] / "data" / "tls"
CERTIFICATE = FOLDER / "cert.pem"


def server_side() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, FOLDER / "key.pem")
    return context


def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if an authority had signed it."""
    monkeypatch.setattr(certifi, "where", lambda: str(CERTIFICATE))
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
