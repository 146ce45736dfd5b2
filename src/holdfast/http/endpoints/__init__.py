"""What serves an operation: calls, answers, problems, the document. Knows no seat."""
