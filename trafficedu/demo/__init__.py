"""The demo district: an invented history on the real areas, in which every rule of the live system holds."""
