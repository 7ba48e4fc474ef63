"""A static site of operations: an index that can be searched, one page each, and what explains them."""

from reports.site.building import site

__all__ = ["site"]
