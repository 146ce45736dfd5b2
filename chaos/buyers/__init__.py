"""The clients: buyers, stream listeners and crowds. They use plain sockets, so no failure is hidden by a retry."""
