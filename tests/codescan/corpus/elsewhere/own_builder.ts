class Email {
  private parts: string[] = []

  from(address: string) {
    this.parts.push(address)
    return this
  }

  select(folder: string) {
    this.parts.push(folder)
    return this
  }

  rpc(name: string) {
    return this.parts.includes(name)
  }
}

export function compose() {
  const mail = new Email()
  mail.from('support@example.org').select('inbox')
  new Email().from('nobody').select('outbox')
  return mail.rpc('sent')
}
