"""Pages of tables in and out, and of background jobs."""
