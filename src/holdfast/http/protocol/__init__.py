"""HTTP/1.1 on a connection: turns bytes into requests, and answers into bytes."""
