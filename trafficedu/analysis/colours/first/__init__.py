"""Rule set 1: how months were judged before what is known was measured; they stay checkable and explained by it."""
