"""The data of the shipped workloads: items, statements and their sizes."""
