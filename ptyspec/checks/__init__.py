"""Audits: A beside B, one file an audit; each finding names the clause that it holds or breaks."""
