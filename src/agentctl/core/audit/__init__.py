"""The audit: whether the contract's rules about money are kept, for every user and every execution.

It reads one snapshot and writes nothing. `checks/` has one module a check, `vocabulary.py` the words that
their SQL is written in, `runner.py` what runs them.
"""
