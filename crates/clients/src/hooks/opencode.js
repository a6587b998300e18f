// Tells agtop what sessions do. `agtop hooks install` wrote this file and `agtop hooks uninstall` removes it.
import { spawn } from "node:child_process"

const agtop = "AGTOP"

const told = new Set([
  "permission.asked",
  "permission.updated",
  "question.asked",
  "session.created",
  "session.idle",
  "session.error",
  "session.compacted",
  "session.deleted",
])

const nothing = () => {}

function tell(payload) {
  try {
    const child = spawn(agtop, ["hook", "--client", "opencode"], { stdio: ["pipe", "ignore", "ignore"] })
    child.on("error", nothing)
    child.stdin.on("error", nothing)
    child.stdin.end(JSON.stringify({ timestamp: Date.now(), ...payload }))
    child.unref()
  } catch {
    // agtop is gone: the session must not notice.
  }
}

export const Agtop = async ({ directory }) => ({
  event: async ({ event }) => {
    if (!told.has(event.type)) return
    const about = event.properties ?? {}
    const session_id = about.sessionID ?? about.info?.id
    tell({ hook_event_name: event.type, session_id, cwd: about.info?.directory ?? directory, error: about.error?.name })
  },
  "tool.execute.before": async ({ tool, sessionID }) => {
    tell({ hook_event_name: "tool.execute.before", session_id: sessionID, tool_name: tool })
  },
  "tool.execute.after": async ({ tool, sessionID }) => {
    tell({ hook_event_name: "tool.execute.after", session_id: sessionID, tool_name: tool })
  },
})
