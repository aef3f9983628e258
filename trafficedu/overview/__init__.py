"""The first screen of every role, and the one-screen picture of the district. Joins features; owns no table."""
