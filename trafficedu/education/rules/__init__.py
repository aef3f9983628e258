"""The states of study and the acts between them; the arithmetic of study."""
