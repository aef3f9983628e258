"""Films of the district that riders watch at home: what they consist of, and what was really seen of them."""
