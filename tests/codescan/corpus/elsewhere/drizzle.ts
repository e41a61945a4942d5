import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text, uuid } from 'drizzle-orm/pg-core'

const invoicesArchive = pgTable('invoices_archive', { id: uuid('id').primaryKey(), number: text('number') })
const db = drizzle(process.env.ARCHIVE_URL!)

export async function archived(id: string) {
  const rows = await db.select().from(invoicesArchive).where(eq(invoicesArchive.id, id))
  await db.insert(invoicesArchive).values({ id, number: 'x' })
  await db.update(invoicesArchive).set({ number: 'y' }).where(eq(invoicesArchive.id, id))
  return rows
}
