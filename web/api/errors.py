"""What single endpoints refuse."""

from services.errors import N_, ShopError


class FileNotFound(ShopError):
    message = N_("There is no such file any more.")


class NoFile(ShopError):
    message = N_("No file was sent: the form wants one in its field “file”.")


class TooLate(ShopError):
    message = N_("It cannot be canceled any more.")
