"""Code embeds a relationship that is missing or ambiguous."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-relationship",
    title="Code embeds a relationship that is missing or ambiguous",
    meaning=(
        "PostgREST joins tables by their foreign keys, within one schema. Either there is none between the "
        "two tables, or there are several and the select does not say which."
    ),
    details=(
        "Junction tables and computed relationships count, too. The hint lists the spellings, such as "
        "`profiles!agent_executions_user_id_fkey`."
    ),
)
