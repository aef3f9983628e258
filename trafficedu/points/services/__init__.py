"""Use cases that change points: entering, taking back, what events enter, activities, expectations."""
