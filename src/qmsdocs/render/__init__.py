"""Values → bytes: pages as PDF, DOCX and HTML, and tables. Sees neither the repository nor the clock."""
