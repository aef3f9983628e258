"""Delivery companies: who engages riders and answers notices."""
