"""The Streamlit application: state, cache, the frame of every page, and custom components. May import `core`."""
