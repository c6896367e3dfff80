"""How forecasts came true, for everybody."""
