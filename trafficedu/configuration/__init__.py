"""What an installation configures without a programmer: figures, the calendar's corrections; and what ran when."""
