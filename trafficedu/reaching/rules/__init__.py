"""What riders are told and when; how a gateway is asked and understood. Pure."""
