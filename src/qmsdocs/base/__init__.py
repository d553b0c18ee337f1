"""What everything stands on: errors, language, canonical JSON, located TOML, files."""
