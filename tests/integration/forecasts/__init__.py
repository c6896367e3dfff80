"""Forecasts, what came of them, and the chain of what was published."""
