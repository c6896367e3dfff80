"""The image studio: pictures of pictures, and what may be done with a result next."""
