"""What the pages are built from, and the two scripts that build it. Never imported by the application."""
