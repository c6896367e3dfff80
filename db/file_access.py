"""Files and folders that this process cannot use, told in one line with who owns them and how to mend it."""

import getpass
import os
from pathlib import Path

EFFECTIVE = os.access in os.supports_effective_ids


def why_unreadable(path: Path, error: OSError) -> str:
    """What to tell of a file or folder that could not be read."""
    return f"{path} cannot be read ({error.strerror}){_whose(path)}"


def why_unwritable(file: Path) -> str | None:
    """What keeps this process from reading and writing `file`, or from making it and the folders it is in."""
    try:
        if file.is_dir():
            return f"{file} is a folder; name a file in it"
        if file.exists():
            return _why_not(file.parent, os.W_OK | os.X_OK) or _why_not(file, os.R_OK | os.W_OK)
        nearest = next(folder for folder in file.absolute().parents if folder.exists())
    except OSError as error:
        return why_unreadable(file, error)
    if not nearest.is_dir():
        return f"{nearest} is a file where a folder is needed"
    return _why_not(nearest, os.W_OK | os.X_OK)


def _why_not(path: Path, mode: int) -> str | None:
    if os.access(path, mode, effective_ids=EFFECTIVE):
        return None
    if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{path} is on a file system that is mounted read-only: mount it for writing, or name another place"
    return f"{path} cannot be written{_whose(path)}"


def _whose(path: Path) -> str:
    """Nothing where the platform knows no owners or the path cannot be looked at."""
    try:
        owner, me = path.owner(), _me()
    except (OSError, KeyError, NotImplementedError):
        return ""
    if owner == me:
        return f": it belongs to {owner}, who runs this, but its mode forbids it: chmod u+rwX {path}"
    return f": it belongs to {owner}, this is run by {me}: chown -R {me} {path}"


def _me() -> str:
    """Who this process acts as."""
    if not hasattr(os, "geteuid"):
        return getpass.getuser()
    import pwd  # not on Windows

    return pwd.getpwuid(os.geteuid()).pw_name
