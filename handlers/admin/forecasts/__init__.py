"""The public list of papers."""
