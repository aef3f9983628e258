"""Pages without an account: one record, never a list, to who proves to know it; whether a certificate is true."""
