"""From events and reports to pictures: a live widget, static HTML, SVG and PNG, and plain text.

Nothing here is imported before it is needed: `text` and `static` do without Jupyter, and only `live` and `page` load bokeh.
"""
