"""The rows of archived events: reading, removing and bringing them back."""
