"""The documentation site: pages of docs/ as they stand, and references generated from code and specs; `python -m docs.site`."""
