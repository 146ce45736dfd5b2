"""The HTTP API: handlers on top of the use cases, the route table, and the application and document built from it."""
