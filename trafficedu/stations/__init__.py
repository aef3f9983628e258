"""Traffic stations (交治站): where riders study."""
