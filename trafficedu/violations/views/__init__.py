"""Pages of violations: recording at the kerb, the list and a record, reviews and objections, the catalogue."""
