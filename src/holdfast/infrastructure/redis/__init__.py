"""Redis, which only accelerates, and the stand-in for running without it."""
