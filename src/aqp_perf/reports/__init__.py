"""Results as text, JUnit properties and JSON."""
