"""The kit: HTTP/1.1 on a socket, and what every answer over it has in common. It knows no seat."""
