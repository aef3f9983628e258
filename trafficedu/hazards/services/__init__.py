"""Use cases that change hazards: reported, planned, fixed, verified; reminders; areas under rolling check; kinds."""
