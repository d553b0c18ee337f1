"""Ledgers in git: written once, read by anybody, and everything derived from them."""
