"""A model in a picture's file: packed in Python, run by the browser."""
