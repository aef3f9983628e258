"""Pages of telling riders, and of the end of a station's day."""
