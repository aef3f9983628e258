"""Evidence kept, taken back, and compared with what records name."""
