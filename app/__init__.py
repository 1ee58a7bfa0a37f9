"""The Streamlit building: state, cache, the frame of every page, and our own components. May import `core`."""
