"""Whole tables answered by a model: every row is a question, and all of them are one purchase."""
