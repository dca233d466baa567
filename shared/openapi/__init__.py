"""The OpenAPI document of a service: FastAPI's document, with descriptions, examples and errors added."""
