/// Tools that ask the user a question or show a plan: they end with the user's answer.
const QUESTION_TOOLS: &[&str] = &[
    "AskUserQuestion",
    "ExitPlanMode",
    "ask_followup_question",
    "ask_user",
    "ask_user_question",
    "exit_plan_mode",
    "question",
    "request_user_input",
];

/// Whether this tool, of any client, waits for an answer of the user and not for a permission.
pub fn is_question_tool(name: &str) -> bool {
    QUESTION_TOOLS.contains(&name)
}
