"""How things are shown: text, tables, figures, pages."""
