"""The image studio in the chat: a gallery of styles, and what may be done with a result next."""
