import { createHash } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import { from, of } from 'rxjs'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export function bytes(text: string) {
  const buffer = Buffer.from('agentz')
  const list = Array.from('agentz').filter((letter) => letter !== 'z')
  const typed = Uint8Array.from([1, 2, 3]).map((value) => value + text.length)
  const stream = from('agentz').pipe()
  const other = of('agentz')
  const entries = Object.fromEntries(new Map([['from', 'agentz']]))
  const hash = createHash('sha256').update('agentz').digest('hex')
  const seen = new Set(['agentz'])
  seen.delete('agentz')
  return { hash, seen, buffer, list, typed, stream, other, entries }
}

export async function real() {
  return supabase.from('agentz').select('name') // ! code-unknown-table agentz
}
