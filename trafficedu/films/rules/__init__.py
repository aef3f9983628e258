"""What a film consists of, what counts as seen, and how the files of videos are read. Pure."""
