"""What data and settings are: frozen pydantic models; knows nothing else of the project."""
