"""What people fill: drafts, tables of records, question by question."""
