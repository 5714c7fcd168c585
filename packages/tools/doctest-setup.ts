// Points documented examples at the scripted API, with a key that no API knows.
import { inject } from "vitest"

process.env["ANTHROPIC_BASE_URL"] = inject("apiUrl")
process.env["ANTHROPIC_API_KEY"] = "sk-ant-example"
