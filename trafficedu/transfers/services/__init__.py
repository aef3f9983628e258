"""Use cases of tables in and out, and of the jobs that do them."""
