"""Pages of accidents: the form, the list, one record with its riders, duplicates."""
