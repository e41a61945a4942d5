import { OWNER, remove, signUp } from './owners'

await signUp(OWNER)
await remove(OWNER)
