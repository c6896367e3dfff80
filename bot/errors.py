"""What ends a process."""


class StartError(Exception):
    """The process cannot run with these settings; one line says why, and what to change."""
