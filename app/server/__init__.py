"""What the server does once, and what it answers besides pages."""
