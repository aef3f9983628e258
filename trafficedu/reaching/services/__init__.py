"""Use cases of telling riders: note what is to be said, send it, ring up, keep how a rider is reached."""
