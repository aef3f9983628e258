"""Reads of areas: the tree and who sees what of it, areas to choose from, and the e-bikes registered in them."""
