"""Traffic accidents (事故): what happened, how badly, with an e-bike or without, which known riders were in it."""
