import { db } from '@/lib/client'
import { TABLES } from '~tables'

export default async function Page({ params }: { params: { user: string } }) {
  const { data: plan } = await db.from(TABLES.subscriptions).select('tier, seat').eq('user_id', params.user) // ! code-unknown-column subscriptions.seat
  const { data: coupons } = await db.from(TABLES.coupons).select('code')
  return (
    <main>
      <h1>Plans: {plan?.length}</h1>
      <p>Coupons: {coupons?.length}</p>
    </main>
  )
}
