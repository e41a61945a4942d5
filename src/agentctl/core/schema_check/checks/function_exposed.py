"""Customers may execute a function that moves credits."""

from collections.abc import Iterator

from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding, Severity, SpecialCase, SubjectCheck
from agentctl.core.mapping.function_candidates import gives_credits
from agentctl.core.schema_check.closing import name_people, revoke, signature_of
from agentctl.core.schema_check.subjects import CreditFunction


def _find_exposed(subject: CreditFunction) -> Iterator[Finding]:
    function = subject.function
    open_to = {grant: grant.customers for grant in function.grants}
    if not open_to:
        return
    # Who is signed in says whose credits may be taken. It is no reason to be given any.
    asks = function.asks_who and not gives_credits(function)
    why = "its text seems to check who is signed in" if asks else "it moves credits"
    msg = f"{function.name} may be executed by {name_people(open_to)}: {why}."
    hint = revoke("EXECUTE", compose("FUNCTION {}", signature_of(function)), open_to)
    yield CHECK.finding(function.name, msg, hint, is_special=asks)


CHECK = SubjectCheck(
    id="function-exposed",
    severity=Severity.WARNING,
    special_case=SpecialCase(Severity.INFO, "where a function that takes credits checks who is signed in"),
    title="Customers may execute a function that moves credits",
    meaning="Any signed-in user can call it through the API and move credits.",
    remedy="The hint revokes the privilege.",
    details=(
        "PUBLIC, or Supabase's `anon` or `authenticated`, may execute a function that takes or gives "
        "credits, and so may any browser. The hint takes the privilege from whoever was given it: the role "
        "itself, a group of it, or PUBLIC. Others who had it through PUBLIC only need a grant of their own "
        "then; the application's server mostly calls it as `service_role`, which has one."
    ),
    subject=CreditFunction,
    find=_find_exposed,
)
