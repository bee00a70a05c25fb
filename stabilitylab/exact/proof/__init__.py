"""Certificates of least-squares solutions, and an independent check of them in rationals."""
