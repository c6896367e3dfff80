"""Names of machines."""

from ipaddress import ip_address


def is_here(host: str) -> bool:
    """Whether only this machine is reached by that name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
