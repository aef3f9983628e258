"""What may be said of figures: comparisons, trends, tiles and alarms, with the sentence. Nobody else words one."""
