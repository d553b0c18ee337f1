"""What leaves the house: packages for auditors, a static site, backups."""
