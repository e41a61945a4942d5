export const reviews = 'reviews'
export const ratings = 'ratings' // ! code-unknown-table ratings
export default { tags: 'tags' } as const
