"""What language a text is in, which words stand in it, and which concepts they name."""
