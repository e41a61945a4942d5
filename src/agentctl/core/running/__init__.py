"""Running an agent: prepare, record and charge, call, settle.

`run` reads in that order, and its transactions begin and end there. `preparation` finds and checks everything
beforehand, `recording` begins the execution and charges it, `run_report` is what became of the run, and
`steps` are what is shown meanwhile. How a webhook is called (`webhook`) and an outcome is written
(`settling`) is not known here.
"""
