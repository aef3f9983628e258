"""The accident trend: levels that move, honest intervals, and simple methods that may win."""
