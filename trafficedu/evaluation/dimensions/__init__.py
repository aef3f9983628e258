"""The dimensions of the five colours, one file each: whom it judges, what it reads, how it is said."""
