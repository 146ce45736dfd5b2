"""Who asks: buyers, listeners and crowds, over plain sockets that hide no failure."""
