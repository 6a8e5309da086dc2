"""Worst cases of theorems: searched, certified, and kept as files that anyone can run again."""
