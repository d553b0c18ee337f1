"""Definitions that ship inside the program, because they decide which other definitions count."""
