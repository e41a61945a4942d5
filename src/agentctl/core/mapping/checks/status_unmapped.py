"""The word for a status of executions is missing or ambiguous."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="status-unmapped",
    title="The word for a status of executions is missing or ambiguous",
    meaning=(
        "agentctl writes running, success and failed in the database's own words, and found none, or more "
        "than one, for one of them."
    ),
    details=(
        "Say which word it is: `[profiles.NAME.schema.executions.statuses]`. Of a column of numbers, only "
        "you know what each means: `running = 1`. Where the column refers to a table that lists states, its "
        "words are read there, unless customers may write them. No half of a word is written into a text "
        "that is too short for it. The words of a view "
        "must always be configured, as must those of a foreign table and of a table whose index "
        "or CHECK calls a user's function: reading their rows would execute code of the people "
        "who made them, so agentctl does not read rows to learn their words."
    ),
)
