"""What can be told: a class for each kind of message, with the words that it is stored by.

They stand here and not beside their nouns: writers in services and presenters at the edges share them, a list of all is
worth having, and none of them needs anything of a noun. Rows of older and of newer versions are read too: kinds, keys
and what stands in payloads never change, and a field for a word that a newer version may add to is a `str`."""
