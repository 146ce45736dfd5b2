"""URLs of PostgreSQL and Redis, checked before anything connects and converted to what the drivers accept.

Error messages say what is wrong and what to write instead. They never repeat a value, because it may be a password.
"""
