"""What targets are judged by: one file a dimension, named in ``colours/registry.py``."""
