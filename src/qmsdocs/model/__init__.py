"""The pure core: what forms, documents, records and people are, and the rules over them. No file, no clock, no git."""
