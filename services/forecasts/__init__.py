"""Forecasts held to account: what was said, what came, how often it came true, and a chain that shows later changes."""
