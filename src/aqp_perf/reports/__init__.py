"""Reports: a session as text, HTML, Markdown and JUnit properties; and its results file."""
