import { createClient } from '@supabase/supabase-js'
import { expect, it, vi } from 'vitest'
import { close, runsOf } from './runs'

vi.mock('@supabase/supabase-js')

async function cleared(id: string) {
  return createClient('', '').from('agent_executions').delete().eq('id', id) // ! code-value-refused agent_executions.id
}

it('lists the runs of a user', async () => {
  expect(await runsOf('user-1', 'running')).toEqual([])
  expect(await close('run-1', 'closed')).toBeUndefined()
  await cleared('agent-1')
})
