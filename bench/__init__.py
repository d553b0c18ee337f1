"""Figures of speed, measured against what people would use otherwise: `make bench`."""
