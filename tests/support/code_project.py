"""Application code to check: the accident that started it all, and files that a test adds.

It writes files and reads none; tests judge how agentctl reads them.
"""

from collections.abc import Mapping
from pathlib import Path

from support.marketplace import OPTIONAL_COLUMNS

CLIENT = """\
import { createClient } from "@supabase/supabase-js";
export const supabase = createClient(process.env.URL!, process.env.KEY!);
"""
BEFORE = """\
import { supabase } from "./client";

export async function recordExecution(params: Execution) {
  const { data, error } = await supabase
    .from("agent_executions")
    .insert({
      user_id: params.userId,
      agent_id: params.agentId,
      workflow_id: params.workflowId,
      inputs: params.inputs,
      credits_used: params.credits_used,
      status: params.status || "pending",
      started_at: new Date().toISOString(),
    })
    .select("id")
    .single();
  if (error) throw error;
  return data.id;
}

export async function updateExecutionResult(id: string, status: string, result: object, error: string) {
  await supabase
    .from("agent_executions")
    .update({
      status,
      result,
      error,
      completed_at: new Date().toISOString(),
    })
    .eq("id", id);
}
"""
_LINES = BEFORE.splitlines()
AFTER = "\n".join(
    line
    for line in _LINES
    if not line.startswith("      ") or line.strip(" ,").split(":")[0] not in OPTIONAL_COLUMNS
)
MISSING = {
    column: next(
        number
        for number, line in enumerate(_LINES, 1)
        if line.startswith("      ") and line.strip(" ,").split(":")[0] == column
    )
    for column in OPTIONAL_COLUMNS
}
"""The columns that the minimal table lacks, with the lines on which BEFORE writes them."""
COLUMN = 7
"""Where on its line each of them begins."""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, unchanged."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_app(home: Path, code: str = BEFORE, **more: str) -> Path:
    """Write a small application: its client, and the code that records executions."""
    return write(home / "app", {"client.ts": CLIENT, "executions.ts": code, **more})


def selecting(column: str, table: str = "agents") -> str:
    """Return a line of code that names a column."""
    return f'import {{ supabase }} from "./client";\nawait supabase.from("{table}").select("{column}");\n'
