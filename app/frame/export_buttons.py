"""Link, SVG and PNG: three buttons that work in the browser, and the address bar kept equal to the page.

data: {"query": the page's link as a query string, "picture": the `data-component` of the figure, "name": file name}.
"""

from app.kit import register

buttons = register("takeaway", __file__, shared=False)
