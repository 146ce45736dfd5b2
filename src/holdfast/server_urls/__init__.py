"""URLs of PostgreSQL and Redis: checked before anything connects, and put the way their drivers take them.

Messages name what is wrong and what to write instead, and never repeat a value: it may be a password.
"""
