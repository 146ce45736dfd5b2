"""A hall's plan: the documents that describe it, and the seats that they make."""
