"""From a red symptom to the stage and the smallest difference that causes it."""
