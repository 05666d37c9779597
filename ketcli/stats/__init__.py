"""The numeric core: NumPy and scipy.special alone; arrays in, frozen results out."""
