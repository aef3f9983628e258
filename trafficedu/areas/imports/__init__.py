"""Areas and registered e-bikes as files."""
