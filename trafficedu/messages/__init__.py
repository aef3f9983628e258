"""Messages: what the service tells its users unasked, in their inbox and on the channels they chose."""
