"""The functions that `import ptyspec` offers; docs/public-api.md says what is public."""
