"""Holding, selling and releasing seats. One pure function, `decide`, holds the rules."""
