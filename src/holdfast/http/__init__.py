"""The HTTP kit: HTTP/1.1 on a socket, and everything that all answers have in common. It knows nothing of seats."""
