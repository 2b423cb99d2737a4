"""What `import ptyspec` offers: run, compare, check, explain, judge."""
