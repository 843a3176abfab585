"""What can be traded and when: contracts, quotes, ticks, fees, the calendar and trading hours."""
