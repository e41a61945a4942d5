import { initTRPC } from '@trpc/server'
import moment from 'moment'

const t = initTRPC.create()

export const router = t.router({
  since: t.procedure.query(() => moment.utc().from('2027-01-01')),
})

export const rows = ['a', 'b'].map((name) => ({ insert: () => name, update: () => name }))
rows[0]?.insert()
