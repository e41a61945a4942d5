import { db } from './db'

export async function findAgent(name: string) {
  const { data } = await db.from('agents').select('id, name').eq('name', name).maybeSingle()
  return data
}

export async function hireGhost(name: string) {
  // The generated types have it; the database does not.
  await db.from('agents').update({ ghost: name }).eq('name', name) // ! code-unknown-column agents.ghost
}
