"""Generalised linear mixed models for counts, maximised by adaptive quadrature."""
