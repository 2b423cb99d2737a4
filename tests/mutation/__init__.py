"""Small changes of the numpy modules' source that some case must notice (`python -m tests.mutation`)."""
