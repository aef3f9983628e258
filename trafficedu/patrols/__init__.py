"""Patrols (勤务): where officers were, how long, how many they stopped: the effort behind a violation count."""
