"""Running an agent: prepared, recorded, charged, called, settled.

`run` reads in that order; `preparation` finds and checks everything beforehand, `recording` begins the
execution and charges it in one transaction, `run_report` is what became of it, and `steps` are what is shown
meanwhile.
"""
