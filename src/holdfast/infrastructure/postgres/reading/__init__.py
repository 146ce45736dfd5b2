"""What is read without a lock."""
