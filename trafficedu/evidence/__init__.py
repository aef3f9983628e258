"""Photos and signatures that belong to records, and what the store really holds; knows no record's insides."""
