"""What evaluation knows without a database: measures, names, the life of a rule set, what may be claimed. Pure."""
