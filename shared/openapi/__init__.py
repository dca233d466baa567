"""The OpenAPI document of a service: what FastAPI derives from the code, with words, examples and errors."""
