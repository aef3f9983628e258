"""Time until something happens, of which not everybody was watched to the end. Arrays in, frozen results out."""
