module.exports = {
  AGENTS: 'agents',
  DRAFTS: 'agent_drafts', // ! code-unknown-table agent_drafts
}
