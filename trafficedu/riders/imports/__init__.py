"""Import and export of riders: one row an engagement, or one row for a rider without any."""
