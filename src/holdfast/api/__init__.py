"""The HTTP API: handlers over the use cases, one route table, and what turns it into a server and a document."""
