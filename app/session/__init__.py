"""One visitor's session: the values that a page remembers, the link that restores them, whose they are.

`session.py` alone touches Streamlit's session state and the link; `fields` and `field.py` need no Streamlit.
"""
