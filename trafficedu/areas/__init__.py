"""The tree of areas, district, town, village, with dates of validity; and the e-bikes registered in them."""
