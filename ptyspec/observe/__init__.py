"""What is recorded while data pass: stage records, history, environment."""
