"""Pages of points: balances, the ledger, entering and taking back, activities and expectations."""
