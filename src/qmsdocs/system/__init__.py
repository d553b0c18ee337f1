"""Definitions in force and the view of records, as of fixed heads."""

from qmsdocs.system.definitions import Definitions, FormInForce
from qmsdocs.system.view import Held, System, open_system

__all__ = ["Definitions", "FormInForce", "Held", "System", "open_system"]
