"""Which articles does a query want, and why."""
