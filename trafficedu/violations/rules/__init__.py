"""The words and states of a record and of what hangs on it; what it may say."""
