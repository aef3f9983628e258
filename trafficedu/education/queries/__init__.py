"""Reads of courses, tasks, sessions, studies, certificates and the rates made of them."""
