"""qmsdocs: a quality-management system that a company owns as files."""

__version__ = "0.1.0"
