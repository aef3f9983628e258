"""Helmet wearing, counted at the roadside and on video: sites, plans, surveys, and rates with their intervals."""
