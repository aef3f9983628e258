"""What notices and the policy that recommends measures are judged by. Pure."""
