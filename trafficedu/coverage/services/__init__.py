"""What is said about months, and what the worker finds missing."""
