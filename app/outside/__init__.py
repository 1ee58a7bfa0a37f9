"""Pictures outside of the app: as documents, in a notebook, as drawings. No Streamlit in here."""
