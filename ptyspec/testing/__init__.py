"""How the specification's cases run under pytest: options, collection rules, fixtures, ledger, summary."""
