"""`python -m qmsdocs`."""

from qmsdocs.cli.main import main

main()
