"""Events and charts: how they are changed."""
