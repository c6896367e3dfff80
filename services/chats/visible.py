"""Whether a text shows anything: spaces and invisible signs are no message, and no answer."""

import unicodedata


def is_visible(text: str) -> bool:
    return any(unicodedata.category(sign)[0] not in "ZC" for sign in text)
