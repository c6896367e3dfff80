"""Files of one's own Bot API server in `--local` mode: it does not serve them but says where they lie on its disk."""

import getpass
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

TEST_ENVIRONMENT = ":T"  # what the server adds to the token of a bot in Telegram's test environment
SHARING = (
    "the shop must see the server's folder under the same path and may read it: put both users into one group"
    " (usermod -aG), or mount the folder into both containers at the same place"
)


class NotReadable(Exception):
    """A file that the server names and we cannot or will not read; one line says which and why."""


def is_local(file_path: str) -> bool:
    """Telegram's own server gives a path that is a part of an address."""
    return Path(file_path).is_absolute()


def copy_local(file_path: str, *, token: str, into: BinaryIO) -> None:
    """Blocks. Raises NotReadable, and whatever `into` raises."""
    with open_local(file_path, token=token) as source:
        shutil.copyfileobj(source, into)


def open_local(file_path: str, *, token: str) -> BinaryIO:
    """The server keeps a bot's files in a folder that is called by its token; from nowhere else is anything read,
    wherever links and dots in the path lead. Raises NotReadable."""
    try:
        real = Path(file_path).resolve(strict=True)
        if not {token, token + TEST_ENVIRONMENT} & set(real.parts[:-1]):
            raise NotReadable(f"{file_path} does not lie in the folder of this bot's files")
        opened = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe would keep us waiting for ever
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotReadable(f"{file_path}: {reason} (for the user {_user()})") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise NotReadable(f"{file_path} is no file")
    return os.fdopen(opened, "rb")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return str(os.getuid())
