"""Takes the times that the model is made of from the running engine, on this machine."""
