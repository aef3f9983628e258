"""Use cases that change accidents: recorded and corrected, voided and told apart, riders linked."""
