"""Road hazards (隐患): found, planned, mended, verified by somebody else; and the towns looked at again and again."""
