"""What changes questions and attempts."""
