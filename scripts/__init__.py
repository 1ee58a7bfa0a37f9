"""Commands around the project; `make help` lists them."""
