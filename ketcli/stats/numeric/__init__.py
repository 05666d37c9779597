"""Plain numerics: special functions, distributions, root finding, Newton steps, quadrature."""
