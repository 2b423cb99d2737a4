"""Every clause seen red: source edits that break a clause, after which its cases must fail (`python -m tests.red`)."""
