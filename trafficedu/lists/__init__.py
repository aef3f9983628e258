"""How somebody likes to see a list: views saved under a name, each its owner's alone."""
