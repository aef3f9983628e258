"""What changes films, and what riders do with them."""
