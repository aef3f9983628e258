"""Where features meet, and nowhere else: small tables, no framework."""
