"""Pages of outcomes and of signatures."""
