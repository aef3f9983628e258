"""What became of education: who offends again, by course, station, instructor and score; what signatures look like."""
