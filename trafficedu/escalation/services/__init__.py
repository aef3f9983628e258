"""Use cases of replays: asked for, worked out by a background job."""
