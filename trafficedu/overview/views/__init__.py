"""Pages that join features: the first screen, the overview, the one screen, the red-yellow-black list."""
