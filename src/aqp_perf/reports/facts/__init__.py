"""What reports say about runs, each fact stated once; text, Markdown and HTML only lay it out."""
