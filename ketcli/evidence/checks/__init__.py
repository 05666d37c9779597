"""The rules of the data at work, a module per kind of rule."""
