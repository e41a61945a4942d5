import { findBy, save } from './store'

export const addTag = (label: string) => save('tags', { label })
export const addProfile = (email: string) => save('profiles', { email })
export const addCategory = (slug: string, title: string) => save('categories', { slug, title })
export const tagNamed = (label: string) => findBy('tags', 'label', label)
export const profileOf = (email: string) => findBy('profiles', 'email', email)
export const addVote = (by: string) => save('votes', { by }) // ! code-unknown-table votes
