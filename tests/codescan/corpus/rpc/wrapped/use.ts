import { callFunction } from './credits'

export const deduct = (user: string) => callFunction('deduct_credits_atomic', { p_user_id: user, p_amount: 1 })
export const expire = () => callFunction('expire_subscriptions', {})
export const load = (rows: object[]) => callFunction('import_agents', { p_rows: rows })
export const grant = (user: string) => callFunction('grant_credits', { p_user_id: user, p_amount: 1 }) // ! code-unknown-function grant_credits
