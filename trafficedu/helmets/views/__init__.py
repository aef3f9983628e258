"""Pages of helmets: results, sites and plans, surveys, and the counting page."""
