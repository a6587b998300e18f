# Made by 'agtop completions' for the same version of agtop.
module completions {

  def "nu-complete agtop plan" [] {
    [ "retail" "max" "included" ]
  }

  # top for AI coding agents: which run, what they do, what they use and cost, which one needs you
  export extern agtop [
    --once(-1)                # Print the live agents and exit
    --list                    # Print all sessions, live and past
    --json(-j): string        # Print JSON on one line: agents (default; sessions with --list), sessions or tree
    --csv                     # Print the sessions as CSV
    --pretty                  # Indent JSON
    --include-content         # Include message text, such as tasks and prompts
    --fields: string          # Columns to show, separated by commas; 'help' lists them
    --no-color                # Do not use colours (also: set NO_COLOR)
    --filter(-f): string      # Only rows that contain this text or match this filter: api, idle, !idle, project:api cpu>50
    --sort(-s): string        # Sort by: smart, cpu, mem, tokens, uptime, agent, or any column
    --top: string             # Only the first N rows; 0 shows all
    --since: string           # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until: string           # Only usage before this time; a date includes the whole day
    --interval(-i): string    # Seconds between two snapshots [default: 1.5]
    --delay: string           # Seconds between two snapshots [default: 1.5]
    -d: string                # Seconds between two snapshots [default: 1.5]
    --iterations(-n): string  # Print N snapshots, separated by '---' in text [default: 1; no limit with --watch]
    --watch                   # Print a line per snapshot until interrupted; with --list redraw the table, with --json print a line of JSON
    --no-sample               # Do not wait for a second reading of processes: the first snapshot then has no CPU% and no IO rates
    --threshold-cpu: string   # With --watch: exit 3 when all agents together use more processor time than this, in percent of one processor
    --threshold-tokens-rate: string # With --watch: exit 4 when input + output tokens per minute exceed this, averaged over the last 20 snapshots or 30 seconds, whichever is longer
    --no-ledger               # Neither read nor write the ledger, which keeps the usage of transcripts, deleted ones included
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --match(-m): string       # Also recognise processes as agents if their command line matches; may be repeated (also: AGTOP_MATCH, separated by ';')
    --list-builtins           # Print which agents are recognised, and by what, and exit
    --plan: string@"nu-complete agtop plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --refresh-pricing         # Fetch the current price list from the network first
    --no-pricing-refresh      # Do not use the network; this is the default
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --view: string            # The view to start with: agents, sessions, rates, usage or quota
    --dashboard               # Start with the dashboard above the view
    --pid: string             # Only the agent with this process id
    --theme: string           # The theme: dark, light, contrast, protanopia, deuteranopia, tritanopia, monochrome, dracula, nord, gruvbox, catppuccin, solarized, or one of the configuration file
    --ascii                   # Use ASCII characters only; names are transliterated
    --no-mouse                # Leave the mouse to the terminal, for example to select text
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
    --version(-V)             # Print version
  ]

  def "nu-complete agtop report kind" [] {
    [ "daily" "weekly" "monthly" "session" "project" "model" "client" "branch" "tag" "tool" "blocks" ]
  }

  def "nu-complete agtop report group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop report order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop report mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop report plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show usage by day, week, month, session, project, model, agent, branch, tool or 5-hour block; also: agtop daily, weekly, monthly, session, blocks
  export extern "agtop report" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop report group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop report order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --id: string              # Only this session: the id, or the beginning of it
    --instances               # Same as --group-by project
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop report mode" # Where costs come from: only auto, which is what agtop does
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop report plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
    kind?: string@"nu-complete agtop report kind" # What each row is [default: daily]
  ]

  def "nu-complete agtop weekly group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop weekly order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop weekly mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop weekly plan" [] {
    [ "retail" "max" "included" ]
  }

  # Same as agtop report weekly
  export extern "agtop weekly" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop weekly group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop weekly order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --id: string              # Only this session: the id, or the beginning of it
    --instances               # Same as --group-by project
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop weekly mode" # Where costs come from: only auto, which is what agtop does
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop weekly plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop monthly group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop monthly order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop monthly mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop monthly plan" [] {
    [ "retail" "max" "included" ]
  }

  # Same as agtop report monthly
  export extern "agtop monthly" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop monthly group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop monthly order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --id: string              # Only this session: the id, or the beginning of it
    --instances               # Same as --group-by project
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop monthly mode" # Where costs come from: only auto, which is what agtop does
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop monthly plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop blocks group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop blocks order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop blocks mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop blocks plan" [] {
    [ "retail" "max" "included" ]
  }

  # Same as agtop report blocks
  export extern "agtop blocks" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop blocks group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop blocks order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --id: string              # Only this session: the id, or the beginning of it
    --instances               # Same as --group-by project
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop blocks mode" # Where costs come from: only auto, which is what agtop does
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop blocks plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop compare plan" [] {
    [ "retail" "max" "included" ]
  }

  # Price the same tokens on other models
  export extern "agtop compare" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --models: string          # The models to compare with, instead of common ones
    --json(-j)                # Print JSON on one line
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop compare plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
    session?: string          # The id of the session, or the beginning of it; without one, all usage
  ]

  def "nu-complete agtop hook plan" [] {
    [ "retail" "max" "included" ]
  }

  # Receive an event on standard input: agents call this; it always succeeds and prints nothing
  export extern "agtop hook" [
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop hook plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop daily group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop daily order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop daily mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop daily plan" [] {
    [ "retail" "max" "included" ]
  }

  # Same as agtop report daily
  export extern "agtop daily" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop daily group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop daily order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --id: string              # Only this session: the id, or the beginning of it
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop daily mode" # Where costs come from: only auto, which is what agtop does
    --instances(-i)           # Same as --group-by project
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop daily plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop session group_by" [] {
    [ "day" "week" "month" "session" "project" "model" "client" "branch" "tag" ]
  }

  def "nu-complete agtop session order" [] {
    [ "asc" "desc" ]
  }

  def "nu-complete agtop session mode" [] {
    [ "auto" ]
  }

  def "nu-complete agtop session plan" [] {
    [ "retail" "max" "included" ]
  }

  # Same as agtop report session
  export extern "agtop session" [
    --since(-s): string       # Only usage from this time on: today, yesterday, a date, a time (2026-11-21T10:00), or an age such as 7d or 12h
    --until(-u): string       # Only usage before this time; a date includes the whole day
    --tz(-z): string          # The time zone of days, such as Europe/Berlin [default: the system's]
    --timezone: string        # The time zone of days, such as Europe/Berlin [default: the system's]
    --project(-p): string     # Only sessions in directories with this name or path; may be repeated
    --group-by: string@"nu-complete agtop session group_by" # Split each row by these, too
    --breakdown(-b)           # Show each model below its row
    --compact                 # Only the columns for name, tokens and cost
    --limit: string           # Only the newest or most expensive N rows; one more row sums up the others
    --order(-o): string@"nu-complete agtop session order" # The order of rows [default: oldest first; rows without a time: most expensive first]
    --json(-j)                # Print JSON on one line
    --csv                     # Print CSV, with exact numbers and without totals
    --markdown                # Print a Markdown table
    --graph                   # With daily: print a calendar, with darker days for more usage
    --active(-a)              # Only the active block
    --recent(-r)              # Only blocks of the last three days
    --token-limit(-t): string # The token limit of a block: a number, or max for the tokens of the largest block
    --budget: string          # With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    --instances               # Same as --group-by project
    --offline(-O)             # Has no effect: agtop uses the network only if asked to
    --mode(-m): string@"nu-complete agtop session mode" # Where costs come from: only auto, which is what agtop does
    --id(-i): string          # Only this session: the id, or the beginning of it
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop session plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop doctor plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show which agents have files here and how well agtop reads them; exit 1 if records are lost
  export extern "agtop doctor" [
    --all                     # Also list agents that have no files here, and every place where agtop looks
    --plan: string@"nu-complete agtop doctor plan" # Who pays [default: retail]
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --help(-h)                # Print help
  ]

  def "nu-complete agtop explain plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show every counted response of a session, with file and line, and every copy that is not counted
  export extern "agtop explain" [
    --plan: string@"nu-complete agtop explain plan" # Who pays [default: retail]
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --help(-h)                # Print help
    session: string           # The id of the session, or the beginning of it
  ]

  def "nu-complete agtop config plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the path of the configuration file, write a template, check the file, or print its JSON schema
  export extern "agtop config" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop config plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop config path plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the path of the configuration file
  export extern "agtop config path" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop config path plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop config init plan" [] {
    [ "retail" "max" "included" ]
  }

  # Write a template that explains every key and sets none, unless the file exists
  export extern "agtop config init" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop config init plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop config schema plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the JSON schema of the configuration file, for editors
  export extern "agtop config schema" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop config schema plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop config check plan" [] {
    [ "retail" "max" "included" ]
  }

  # Check the configuration file; exit 1 with line and column if it is invalid
  export extern "agtop config check" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop config check plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show, check or change the ledger, which keeps the usage of transcripts, deleted ones included
  export extern "agtop ledger" [
    --plan: string@"nu-complete agtop ledger plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger path plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the path of the ledger
  export extern "agtop ledger path" [
    --plan: string@"nu-complete agtop ledger path plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger stats plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print how many files and responses it has
  export extern "agtop ledger stats" [
    --plan: string@"nu-complete agtop ledger stats plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger verify plan" [] {
    [ "retail" "max" "included" ]
  }

  # Check the whole ledger; exit 1 if it is damaged
  export extern "agtop ledger verify" [
    --plan: string@"nu-complete agtop ledger verify plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger export plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print every response as a line of JSON; the ledger has no message text
  export extern "agtop ledger export" [
    --plan: string@"nu-complete agtop ledger export plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger forget plan" [] {
    [ "retail" "max" "included" ]
  }

  # Remove files and their usage; files that still exist are read again by the next command
  export extern "agtop ledger forget" [
    --below: path             # Only this file, or the files in this directory
    --before: string          # Only files without usage since this time: a date, a time, or an age such as 90d
    --all                     # Everything; with --client, everything of that agent
    --plan: string@"nu-complete agtop ledger forget plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop ledger rebuild plan" [] {
    [ "retail" "max" "included" ]
  }

  # Remove and read again all files that still exist; the usage of deleted files stays
  export extern "agtop ledger rebuild" [
    --plan: string@"nu-complete agtop ledger rebuild plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop hooks plan" [] {
    [ "retail" "max" "included" ]
  }

  # Install hooks, by which agents report events to agtop as they happen
  export extern "agtop hooks" [
    --plan: string@"nu-complete agtop hooks plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop hooks print scope" [] {
    [ "user" "project" "local" ]
  }

  def "nu-complete agtop hooks print plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the settings files with agtop's hooks in them
  export extern "agtop hooks print" [
    --scope: string@"nu-complete agtop hooks print scope" # Which settings: yours, those of this directory, or your own for this directory
    --plan: string@"nu-complete agtop hooks print plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop hooks install scope" [] {
    [ "user" "project" "local" ]
  }

  def "nu-complete agtop hooks install plan" [] {
    [ "retail" "max" "included" ]
  }

  # Write agtop's hooks into the settings of agents; everything else in them stays as it is
  export extern "agtop hooks install" [
    --scope: string@"nu-complete agtop hooks install scope" # Which settings: yours, those of this directory, or your own for this directory
    --dry-run                 # Print the lines that would change, without changing them
    --plan: string@"nu-complete agtop hooks install plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop hooks uninstall scope" [] {
    [ "user" "project" "local" ]
  }

  def "nu-complete agtop hooks uninstall plan" [] {
    [ "retail" "max" "included" ]
  }

  # Remove agtop's hooks from the settings of agents
  export extern "agtop hooks uninstall" [
    --scope: string@"nu-complete agtop hooks uninstall scope" # Which settings: yours, those of this directory, or your own for this directory
    --dry-run                 # Print the lines that would change, without changing them
    --plan: string@"nu-complete agtop hooks uninstall plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop hooks status scope" [] {
    [ "user" "project" "local" ]
  }

  def "nu-complete agtop hooks status plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show which settings have agtop's hooks
  export extern "agtop hooks status" [
    --scope: string@"nu-complete agtop hooks status scope" # Which settings: yours, those of this directory, or your own for this directory
    --plan: string@"nu-complete agtop hooks status plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop install plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print Claude Code's settings with agtop's hooks, or write them
  export extern "agtop install" [
    --write                   # Write the settings instead of printing them
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop install plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop events plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the events of hooks
  export extern "agtop events" [
    --follow(-f)              # Print events until interrupted
    --json(-j)                # Print lines of JSON
    --include-content         # Include the whole payload of each event, with message text
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop events plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop prices plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show the rates of models, or where prices come from
  export extern "agtop prices" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop prices plan" # Who pays [default: retail]
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --help(-h)                # Print help
    ...models: string         # Models to look up; without any, the sources of prices are shown
  ]

  def "nu-complete agtop prices update plan" [] {
    [ "retail" "max" "included" ]
  }

  # Fetch the current price list from the network into the cache directory, unless it is younger than a day
  export extern "agtop prices update" [
    --force                   # Fetch even if the cached list is younger than a day
    --url: string             # Where to fetch LiteLLM's list from
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop prices update plan" # Who pays [default: retail]
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --ascii                   # Use ASCII characters only; names are transliterated
    --help(-h)                # Print help
  ]

  def "nu-complete agtop logos plan" [] {
    [ "retail" "max" "included" ]
  }

  # Fetch the logos of vendors, which terminals with graphics show before the names of agents
  export extern "agtop logos" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop logos plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop logos update plan" [] {
    [ "retail" "max" "included" ]
  }

  # Fetch the logos of vendors from the network into the cache directory, except those younger than seven days
  export extern "agtop logos update" [
    --force                   # Fetch all logos
    --url: string             # Where to fetch them from: URL/VENDOR.svg
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop logos update plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop clients plan" [] {
    [ "retail" "max" "included" ]
  }

  # Show what each agent records, and what it does not
  export extern "agtop clients" [
    --json(-j)                # Print JSON on one line
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop clients plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

  def "nu-complete agtop statusline plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print Claude Code's status line, from the JSON on standard input
  export extern "agtop statusline" [
    --wrap: string            # Print the output of this command, such as your previous status line, and only record rate limits
    --offline(-O)             # Flags of ccusage's status line, which have no effect: the line must not be lost where they are given
    --no-offline              # Flags of ccusage's status line, which have no effect: the line must not be lost where they are given
    --visual-burn-rate(-B): string
    --cost-source: string
    --cache
    --no-cache
    --refresh-interval: string
    --context-low-threshold: string
    --context-medium-threshold: string
    --debug(-d)
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop statusline plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop watch-alerts plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print new alerts as they happen, and run the actions of their rules, without a screen
  export extern "agtop watch-alerts" [
    --json(-j)                # Print a line of JSON per alert
    --once                    # Print the alerts of now, and exit
    --interval(-i): string    # Seconds between two readings of processes; changes of files and events of hooks count at once [default: 1.5]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop watch-alerts plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help (see more with '--help')
  ]

  def "nu-complete agtop completions shell" [] {
    [ "bash" "zsh" "fish" "powershell" "elvish" "nushell" ]
  }

  def "nu-complete agtop completions plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the script that completes agtop's command lines in a shell
  export extern "agtop completions" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop completions plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
    shell: string@"nu-complete agtop completions shell" # The shell
  ]

  def "nu-complete agtop man plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print agtop's manual page, or write the pages of all commands
  export extern "agtop man" [
    --markdown                # Print all pages as one Markdown document instead
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop man plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
    directory?: path          # Write a page for each command into this directory, instead of printing that of agtop
  ]

  def "nu-complete agtop version plan" [] {
    [ "retail" "max" "included" ]
  }

  # Print the version
  export extern "agtop version" [
    --client: string          # Only this agent; may be repeated
    --agentic-client: string  # Only this agent; may be repeated
    --plan: string@"nu-complete agtop version plan" # Who pays [default: retail]
    --prices: path            # A TOML file with your own prices (also: AGTOP_PRICES)
    --prices-as-of: string    # Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for each response the list of its own time [default: now]
    --ascii                   # Use ASCII characters only; names are transliterated
    --demo                    # Show fake agents, on the screen and in every other output
    --no-color                # Do not use colours (also: set NO_COLOR)
    --config: path            # The configuration file [default: ~/.config/agtop/config.toml]
    --log-file: path          # Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    --help(-h)                # Print help
  ]

}

export use completions *
