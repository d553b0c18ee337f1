"""The program by a clock that stands still, for the hooks that git starts: `at_moment.py MOMENT WORD …`."""

from __future__ import annotations

import sys
from datetime import datetime

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.root import command
from qmsdocs.cli.words import Wishes

if __name__ == "__main__":
    moment = datetime.fromisoformat(sys.argv[1])
    catalogue = Catalogue.load(Language.EN)
    sys.exit(guarded(lambda: command(sys.argv[2:], Wishes(catalogue, clock=lambda: moment)), catalogue))
