"""What all pages are made with: visits, cookies, templates, languages and static files. Knows no seat."""
