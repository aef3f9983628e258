"""The five colours: from the figures of a target to scores, a colour, and what would change it. Pure."""
