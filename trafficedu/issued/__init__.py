"""Documents that left the house: their facts, their bytes, whether they still hold. Knows no record they are about."""
