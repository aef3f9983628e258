"""Numbers that hold: intervals, tests, limits and the trend model. Arrays in, frozen result out."""
