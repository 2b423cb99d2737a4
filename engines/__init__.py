"""Public engines of the field as black boxes, what the clauses say of each, and why (docs/engines.md)."""
