"""The specification: clauses read from specs/*.md, bound to cases, traced."""
