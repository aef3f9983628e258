"""Pages of riders, by subject."""
