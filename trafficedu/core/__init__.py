"""What every room stands on: the orm base, time, words, errors, encryption, guards. Knows no feature."""
