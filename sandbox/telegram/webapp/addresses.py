"""Which addresses a Mini App may have, and what is added to them."""

from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit


def is_app_address(url: str) -> bool:
    """https, or http on this machine, where nobody has a certificate."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if " " in url or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(host))


def is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def with_start_param(url: str, start_param: str | None) -> str:
    if not start_param:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"tgWebAppStartParam={quote(start_param)}")))
    return SplitResult(parts.scheme, parts.netloc, parts.path, query, parts.fragment).geturl()


def with_launch_params(url: str, params: dict[str, str]) -> str:
    """In the fragment; one that is there stays in front."""
    _, mark, fragment = url.partition("#")
    joint = "#" if not mark else "&" if "?" in fragment or "=" in fragment else "?" if fragment else ""
    return url + joint + "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
