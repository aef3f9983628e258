"""The pages of receipts and of verification."""
