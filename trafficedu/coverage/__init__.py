"""Of which figures, areas and months anything is known: reported, none happened, open, not reported."""
