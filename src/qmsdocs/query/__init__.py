"""Questions over records: registers, lists, what is due."""
