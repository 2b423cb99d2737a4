"""One page that tells the state of the specification: clauses, faults, hypotheses, runs, audits, environment."""
