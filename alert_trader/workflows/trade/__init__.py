"""The trade workflow: one alert, one trade."""
