"""What a database can do to a transaction that is no fault of the transaction."""


class DatabaseUnavailable(Exception):
    """Locked for too long, disk full, server gone: nothing was written and the same call may succeed later."""
