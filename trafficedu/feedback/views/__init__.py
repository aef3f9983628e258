"""Pages of notices and of the policy that recommends measures."""
