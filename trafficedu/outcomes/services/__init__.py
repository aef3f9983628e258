"""What is worked out of outcomes and of signatures, and kept."""
