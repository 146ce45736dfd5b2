"""A simulated installation: API processes, the gate, and cells. It follows `application/booking` rule by rule."""
