import { close } from './runs'

export const POST = () => close('5f0c1e34-9d0b-4c60-8c63-0a4d1e4b7a11', 'finished')
