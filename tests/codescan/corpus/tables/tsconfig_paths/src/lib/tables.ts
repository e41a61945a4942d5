export const TABLES = { subscriptions: 'subscriptions', coupons: 'coupons' } as const // ! code-unknown-table coupons
