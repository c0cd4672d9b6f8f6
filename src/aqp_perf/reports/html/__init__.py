"""The HTML report: one file that opens offline, without a single request to anybody."""

from aqp_perf.reports.html.page import render_html

__all__ = ["render_html"]
