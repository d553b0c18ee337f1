"""Definitions in force and the view of records, as of fixed heads."""
