const table = 'agent_versions' // ! code-unknown-table agent_versions

export default table
