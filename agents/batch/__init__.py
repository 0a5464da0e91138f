"""Batch APIs: many calls at half the price, submitted together and collected later."""
