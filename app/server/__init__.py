"""Server lifecycle, and HTTP endpoints besides the pages."""
