"""Pages of films, and the player."""
