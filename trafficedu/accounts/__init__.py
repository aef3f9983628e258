"""Users, their roles as sets of permissions, sign-in, and the reading of the audit trail."""
