import { expect, it, vi } from 'vitest'
import { loadBalance } from './balance'

const rows = { data: [{ credits: 3 }], error: null }
const supabase = {
  from: vi.fn((_table: string) => ({ select: (_columns: string) => ({ eq: async () => rows }) })),
  rpc: vi.fn(async () => rows),
}

it('asks for the credits', async () => {
  await loadBalance(supabase as never, 'user-1')
  expect(supabase.from).toHaveBeenCalledWith('wallets')
  expect(supabase.rpc).not.toHaveBeenCalledWith('spend')
})

it('can be asked by hand', async () => {
  await supabase.from('wallets').select('coins').eq()
})
