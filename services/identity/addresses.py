"""E-mail addresses as ways in: one spelling of each."""

from email_validator import EmailNotValidError, validate_email

from services.users.accounts import BadEmail

LONGEST = 254


def parse_address(text: str, *, testing: bool = False) -> str:
    """With small letters, a domain of other letters as it travels (xn--…), and only plain letters before the @: those
    that look like others would make two addresses of one. What stands behind a `+` stays. `testing`: domains under
    `.test`, to which no real letter goes, are addresses too. Raises `BadEmail`."""
    try:
        found = validate_email(
            text.strip()[: LONGEST * 2],
            allow_smtputf8=False,
            check_deliverability=False,
            strict=True,
            test_environment=testing,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise BadEmail(text=text[:64]) from error
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > LONGEST:
        raise BadEmail(text=text[:64])
    return address
