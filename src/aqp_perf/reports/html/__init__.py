"""The HTML report: one file that opens offline and makes no request."""

from aqp_perf.reports.html.page import render_html

__all__ = ["render_html"]
