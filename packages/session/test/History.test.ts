import * as Content from "@effect-claude/core/Content"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as History from "@effect-claude/session/History"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Option, Result, Schema } from "effect"
import { inspect } from "node:util"
import {
  answer,
  apply,
  assistantOf,
  calling,
  codeResult,
  instruct,
  lastTurn,
  message,
  results,
  rules,
  say,
  Steps,
  thinking,
  toolUse,
  userOf
} from "./builders.ts"

const { text } = Content

describe("History", () => {
  describe("user", () => {
    it("adds what the user says, and expects a reply", () => {
      const history = say(History.empty, "Hello")

      assert.strictEqual(history.status, "awaitingReply")
      assert.deepStrictEqual(History.toMessages(history), [MessageRequest.user([text("Hello")])])
    })

    it("takes text, a block, or blocks", () => {
      const messages = [text("a"), [text("a")], "a"].map((input) => History.toMessages(say(History.empty, input)))

      assert.deepStrictEqual(messages[0], messages[1])
      assert.deepStrictEqual(messages[1], messages[2])
    })

    it("joins a turn of the user that has no answer", () => {
      const history = say(say(History.empty, "Hello"), "Are you there?")

      assert.deepStrictEqual(History.toMessages(history), [
        MessageRequest.user([text("Hello"), text("Are you there?")])
      ])
    })

    it("leaves the history it was given as it was", () => {
      const before = say(History.empty, "Hello")
      say(before, "Are you there?")

      assert.deepStrictEqual(History.toMessages(before), [MessageRequest.user([text("Hello")])])
    })

    it("drops blank text from what is sent and keeps it in what is stored", () => {
      const blocks = [text("\n "), text("Hello"), text("")]
      const history = say(History.empty, blocks)

      assert.deepStrictEqual(History.toMessages(history), [MessageRequest.user([text("Hello")])])
      assert.deepStrictEqual(History.entries(history), [{ _tag: "User", content: blocks }])
    })

    it.each([["nothing", []], ["an empty text", ""], ["white space", [text("\t"), text(" ")]]] as const)(
      "refuses %s",
      (_, input) => {
        assert.deepStrictEqual(rules(History.user(History.empty, input)), ["blank input"])
      }
    )

    it("refuses a block that only the model may say", () => {
      assert.deepStrictEqual(rules(History.user(History.empty, [text("a"), toolUse("toolu_1")])), [
        "misplaced-block input[1]"
      ])
      for (
        const block of [
          { type: "thinking", thinking: "", signature: "s" },
          { type: "tool_addition", tool: { type: "tool_reference", name: "a" } },
          { type: "tool_removal", tool: { type: "tool_reference", name: "a" } }
        ] as const
      ) {
        assert.deepStrictEqual(rules(History.user(History.empty, block)), ["misplaced-block input[0]"])
      }
    })

    it("refuses words where results are expected, naming each missing result", () => {
      assert.deepStrictEqual(rules(History.user(calling("toolu_1", "toolu_2"), "Never mind")), [
        "tool-result-missing input",
        "tool-result-missing input"
      ])
    })

    it("refuses a result nobody waits for, and a second result of one call", () => {
      assert.deepStrictEqual(rules(History.user(History.empty, Content.toolResult("toolu_1", "a"))), [
        "tool-result-orphan input[0]"
      ])
      assert.deepStrictEqual(
        rules(
          History.user(calling("toolu_1"), [Content.toolResult("toolu_1", "a"), Content.toolResult("toolu_1", "b")])
        ),
        ["tool-result-duplicate input[1]"]
      )
    })

    it("sends results first and in the order of the calls", () => {
      const history = say(calling("toolu_1", "toolu_2"), [
        text("Here you are"),
        Content.toolResult("toolu_2", "b"),
        Content.toolResult("toolu_1", "a")
      ])

      assert.deepStrictEqual(lastTurn(history), [
        Content.toolResult("toolu_1", "a"),
        Content.toolResult("toolu_2", "b"),
        text("Here you are")
      ])
    })

    it("drops blank text inside a result", () => {
      const nothing = (tool_use_id: string, content?: null) =>
        ({ type: "tool_result", tool_use_id, ...(content === null ? { content } : undefined) }) as const
      const history = say(calling("toolu_1", "toolu_2", "toolu_3", "toolu_4"), [
        Content.toolResult("toolu_1", [text(""), text("a")]),
        Content.toolResult("toolu_2", [text(" ")]),
        nothing("toolu_3"),
        nothing("toolu_4", null)
      ])

      assert.deepStrictEqual(lastTurn(history), [
        Content.toolResult("toolu_1", [text("a")]),
        nothing("toolu_2"),
        nothing("toolu_3"),
        nothing("toolu_4", null)
      ])
    })

    it("settles a paused answer by leaving out the call that nothing answers", () => {
      const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} } as const
      const paused = answer(say(History.empty, "Search"), [text("Searching"), search], "pause_turn")

      assert.deepStrictEqual(History.toMessages(say(paused, "Stop")), [
        MessageRequest.user([text("Search")]),
        MessageRequest.assistant([text("Searching")]),
        MessageRequest.user([text("Stop")])
      ])
      assert.deepStrictEqual(
        History.toMessages(say(answer(say(History.empty, "Search"), [search], "pause_turn"), "Stop")),
        [MessageRequest.user([text("Search"), text("Stop")])]
      )
    })

    it("keeps the call of a server tool that a later turn answers", () => {
      const code = { type: "server_tool_use", id: "srvtoolu_1", name: "code_execution", input: {} } as const
      const called = {
        ...toolUse("toolu_1"),
        caller: { type: "code_execution_20250825", tool_id: "srvtoolu_1" }
      } as const
      const history = say(
        answer(say(History.empty, "Go"), [code, called], "tool_use"),
        Content.toolResult("toolu_1", "a")
      )
      const done = { type: "code_execution_tool_result", tool_use_id: "srvtoolu_1", content: codeResult } as const
      const next = say(answer(history, [done, text("Done")]), "Thanks")

      assert.deepStrictEqual(History.toMessages(next)[1], MessageRequest.assistant([code, called]))
      assert.deepStrictEqual(History.toMessages(next)[3], MessageRequest.assistant([done, text("Done")]))
    })
  })

  describe("reply", () => {
    it("adds an answer, and is ready for more", () => {
      const history = answer(say(History.empty, "Hello"), [text("Hi")])

      assert.strictEqual(history.status, "ready")
      assert.deepStrictEqual(History.toMessages(history)[1], MessageRequest.assistant([text("Hi")]))
    })

    it("waits for results where tools were called", () => {
      const history = calling("toolu_1", "toolu_2")

      assert.strictEqual(history.status, "awaitingToolResults")
      assert.deepStrictEqual(History.pendingTools(history).map((call) => call.id), ["toolu_1", "toolu_2"])
      assert.deepStrictEqual(History.pendingTools(say(history, results("toolu_1", "toolu_2"))), [])
    })

    it("is refused where no answer is expected", () => {
      assert.deepStrictEqual(rules(History.reply(History.empty, message([text("Hi")]))), ["reply-unasked reply"])
      assert.deepStrictEqual(rules(History.reply(calling("toolu_1"), message([text("Hi")]))), ["reply-unasked reply"])
    })

    it.each([["empty", []], ["blank", [text(" \n")]], ["all thinking", [thinking("Hm")]]] as const)(
      "leaves the user's turn open where it is %s",
      (_, content) => {
        const history = answer(say(History.empty, "Hello"), content)

        assert.strictEqual(history.status, "awaitingReply")
        assert.deepStrictEqual(History.toMessages(say(history, "Hello?")), [
          MessageRequest.user([text("Hello"), text("Hello?")])
        ])
        assert.deepStrictEqual(Option.map(History.lastReply(history), (reply) => reply.content), Option.some(content))
      }
    )

    it("lets words join the results that got no answer", () => {
      const history = say(answer(say(calling("toolu_1"), results("toolu_1")), []), "And?")

      assert.deepStrictEqual(lastTurn(history), [...results("toolu_1"), text("And?")])
    })

    it("drops blank text beside other blocks, and keeps it in what is stored", () => {
      const content = [text("\n\n"), toolUse("toolu_1")]
      const history = answer(say(History.empty, "Go"), content)

      assert.deepStrictEqual(lastTurn(history), [toolUse("toolu_1")])
      assert.deepStrictEqual(Option.getOrThrow(History.lastReply(history)).content, content)
    })

    it("sends thinking and blocks of the server's tools as the very objects that came", () => {
      const content = [
        thinking("Hm"),
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "a" } },
        { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        { type: "redacted_thinking", data: "sealed" },
        text("Done")
      ] as const
      const sent = lastTurn(say(answer(say(History.empty, "Go"), content), "More"), 1)

      content.forEach((block, index) => assert.strictEqual(sent[index], block))
    })

    it("drops thinking that nothing follows", () => {
      const history = answer(say(History.empty, "Go"), [text("So"), thinking("cut"), thinking("off")], "max_tokens")

      assert.deepStrictEqual(lastTurn(history), [text("So")])
    })

    it("sends {} for the input of a call that is not an object", () => {
      const history = answer(say(History.empty, "Go"), [{ ...toolUse("toolu_1"), input: "cut" }], "max_tokens")

      assert.deepStrictEqual(lastTurn(history), [toolUse("toolu_1")])
      assert.strictEqual(History.pendingTools(history)[0]?.id, "toolu_1")
    })

    it("joins a paused answer and what continues it", () => {
      const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} } as const
      const found = { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] } as const
      const paused = answer(say(History.empty, "Search"), [thinking("Hm"), search], "pause_turn")
      const history = answer(paused, [found, text("Found")])

      assert.strictEqual(paused.status, "paused")
      assert.deepStrictEqual(lastTurn(paused), [thinking("Hm"), search])
      assert.deepStrictEqual(History.toMessages(history).map((turn) => turn.role), ["user", "assistant"])
      assert.deepStrictEqual(lastTurn(history), [thinking("Hm"), search, found, text("Found")])
    })

    it("sets a refused exchange aside: shown, counted, and not sent", () => {
      const before = answer(say(History.empty, "Hello"), [text("Hi")])
      const refused = answer(say(before, "Do harm"), [text("I")], "refusal")

      assert.deepStrictEqual(History.toMessages(refused), History.toMessages(before))
      assert.strictEqual(refused.status, "ready")
      assert.strictEqual(History.entries(refused).length, 4)
      assert.strictEqual(History.usage(refused).output, 2)
    })

    it("sets aside all that followed from the refused words, tool rounds included", () => {
      const before = answer(say(History.empty, "Hello"), [text("Hi")])
      const asked = answer(say(before, "Do harm"), [toolUse("toolu_1")], "tool_use")
      const refused = answer(say(asked, results("toolu_1")), [], "refusal")

      assert.deepStrictEqual(History.toMessages(refused), History.toMessages(before))
    })

    it("keeps a refusal when told to", () => {
      const asked = say(History.empty, "Do harm")
      const refused = History.reply(asked, message([text("No.")], "refusal"), { keepRefusal: true })

      assert.deepStrictEqual(lastTurn(Result.getOrThrow(refused)), [text("No.")])
    })
  })

  describe("system", () => {
    it("adds instructions between turns", () => {
      const history = say(instruct(answer(say(History.empty, "a"), [text("b")]), "Be brief"), "c")

      assert.deepStrictEqual(History.toMessages(history).map((turn) => turn.role), [
        "user",
        "assistant",
        "system",
        "user"
      ])
    })

    it("puts instructions given before all else after the user's first turn", () => {
      const history = say(instruct(History.empty, "Be brief"), "a")

      assert.deepStrictEqual(History.toMessages(instruct(History.empty, "Be brief")), [])
      assert.deepStrictEqual(History.toMessages(history).map((turn) => turn.role), ["user", "system"])
    })

    it("keeps the user's turn in one where instructions stand between its parts", () => {
      const history = say(instruct(instruct(say(History.empty, "a"), "1"), "2"), "b")

      assert.deepStrictEqual(History.toMessages(history), [
        MessageRequest.user([text("a"), text("b")]),
        MessageRequest.system("1"),
        MessageRequest.system("2")
      ])
    })

    it("may say nothing where it changes how the model answers", () => {
      const turn = { role: "system", content: "", output_config: { effort: "low" } } as const

      assert.isTrue(Result.isSuccess(History.system(say(History.empty, "a"), turn)))
      assert.deepStrictEqual(rules(History.system(History.empty, { ...turn, output_config: null })), ["blank turn"])
    })

    it("refuses to come between a call and its result, into a paused answer, or to be blank", () => {
      const paused = answer(say(History.empty, "a"), [text("b")], "pause_turn")

      assert.deepStrictEqual(rules(History.system(calling("toolu_1"), "Be brief")), ["system-turn turn"])
      assert.deepStrictEqual(rules(History.system(paused, "Be brief")), ["system-turn turn"])
      assert.deepStrictEqual(rules(History.system(History.empty, " ")), ["blank turn"])
    })
  })

  describe("closeTools", () => {
    it("answers every open call with an error that says why", () => {
      const history = History.closeTools(calling("toolu_1", "toolu_2"), "Stopped.")

      assert.strictEqual(history.status, "awaitingReply")
      assert.deepStrictEqual(lastTurn(history), [
        Content.toolResult("toolu_1", "Stopped.", { isError: true }),
        Content.toolResult("toolu_2", "Stopped.", { isError: true })
      ])
    })

    it("keeps the results there are", () => {
      const history = History.closeTools(calling("toolu_1", "toolu_2"), "Stopped.", [
        Content.toolResult("toolu_2", "b")
      ])

      assert.deepStrictEqual(lastTurn(history), [
        Content.toolResult("toolu_1", "Stopped.", { isError: true }),
        Content.toolResult("toolu_2", "b")
      ])
    })

    it("names the toolset a call came from", () => {
      const call = { ...toolUse("toolu_1"), toolset_name: "computer" }
      const history = History.closeTools(answer(say(History.empty, "Go"), [call], "tool_use"), "Stopped.")

      assert.deepStrictEqual(lastTurn(history), [
        { ...Content.toolResult("toolu_1", "Stopped.", { isError: true }), toolset_name: "computer" }
      ])
    })

    it("changes nothing where no call is open", () => {
      const history = say(History.empty, "a")

      assert.strictEqual(History.closeTools(history), history)
    })
  })

  describe("status", () => {
    it("waits for the caller's own tools, whatever else the server means to do", () => {
      const history = answer(say(History.empty, "a"), [toolUse("toolu_1")], "pause_turn")

      assert.strictEqual(history.status, "awaitingToolResults")
    })

    it("is ready after an answer from elsewhere", () => {
      assert.strictEqual(Result.getOrThrow(History.make([userOf("a"), assistantOf("b")])).status, "ready")
    })
  })

  describe("rewind", () => {
    it("goes back by exchanges, to the very history that was", () => {
      const one = answer(say(History.empty, "a"), [text("b")])
      const two = answer(say(one, "c"), [toolUse("toolu_1")], "tool_use")
      const three = answer(say(two, results("toolu_1")), [text("d")])

      assert.strictEqual(three.exchanges, 2)
      assert.strictEqual(History.rewind(three, 1), one)
      assert.strictEqual(History.rewind(three, 2), History.empty)
      assert.strictEqual(History.rewind(three, 9), History.empty)
      assert.strictEqual(History.rewind(three, 0), three)
    })
  })

  describe("toMessages", () => {
    it("keeps the latest four cache breakpoints, inside results too", () => {
      const marked = (n: number) => Content.cached(text(`turn ${n}`))
      let history = History.empty
      for (let n = 0; n < 3; n++) history = answer(say(history, marked(n)), [text("ok")])
      history = answer(say(history, "tool"), [toolUse("toolu_1")], "tool_use")
      history = say(history, [
        Content.cached(Content.toolResult("toolu_1", [Content.cached(text("a")), Content.cached(text("b"))]))
      ])
      const counts = (breakpoints: number) =>
        JSON.stringify(History.toMessages(history, { breakpoints })).split("ephemeral").length - 1

      assert.deepStrictEqual([0, 1, 2, 3, 4].map(counts), [0, 1, 2, 3, 4])
      assert.notInclude(JSON.stringify(History.toMessages(history)[2]), "ephemeral")
      assert.include(JSON.stringify(History.toMessages(history)[4]), "ephemeral")
      assert.deepStrictEqual(History.check(history), [])
    })

    it("counts the breakpoints of instructions", () => {
      let history = instruct(
        say(History.empty, Content.cached(text("a"))),
        MessageRequest.system([Content.cached(text("b"))])
      )
      history = answer(history, [text("ok")])

      assert.notInclude(JSON.stringify(History.toMessages(history, { breakpoints: 1 })[0]), "ephemeral")
      assert.include(JSON.stringify(History.toMessages(history, { breakpoints: 1 })[1]), "ephemeral")
      assert.notInclude(JSON.stringify(History.toMessages(history, { breakpoints: 0 })), "ephemeral")
    })
  })

  describe("check", () => {
    const bad: ReadonlyArray<readonly [string, ReadonlyArray<MessageRequest.MessageParam>, ReadonlyArray<string>]> = [
      ["the model speaking first", [assistantOf("a")], ["roles-alternate messages[0].role"]],
      ["two turns of one role", [userOf("a"), userOf("b")], ["roles-alternate messages[1].role"]],
      ["an empty turn", [MessageRequest.user([])], ["blank messages[0]"]],
      ["blank text", [MessageRequest.user([text("a"), text(" ")])], ["blank messages[0].content[1].text"]],
      ["instructions first of all", [MessageRequest.system("a"), userOf("b")], ["system-turn messages[0]"]],
      ["instructions that say nothing", [userOf("b"), MessageRequest.system("")], ["blank messages[1]"]],
      [
        "a call without a result",
        [userOf("a"), MessageRequest.assistant([toolUse("t")]), userOf("b")],
        ["tool-result-missing messages[2]"]
      ],
      [
        "instructions between a call and its result",
        [
          userOf("a"),
          MessageRequest.assistant([toolUse("t")]),
          MessageRequest.system("s"),
          MessageRequest.user(results("t"))
        ],
        ["system-turn messages[2]"]
      ],
      [
        "a result of no call",
        [MessageRequest.user(results("t"))],
        ["tool-result-orphan messages[0].content[0]"]
      ],
      [
        "two results of one call",
        [userOf("a"), MessageRequest.assistant([toolUse("t")]), MessageRequest.user(results("t", "t"))],
        ["tool-result-duplicate messages[2].content[1]"]
      ],
      [
        "results that do not come first",
        [userOf("a"), MessageRequest.assistant([toolUse("t")]), MessageRequest.user([text("b"), ...results("t")])],
        ["tool-result-order messages[2].content[1]"]
      ],
      [
        "a call id used twice",
        [userOf("a"), MessageRequest.assistant([toolUse("t"), toolUse("t")])],
        ["tool-use-id messages[1].content[1].id"]
      ],
      [
        "an input that is no object",
        [userOf("a"), MessageRequest.assistant([{ ...toolUse("t"), input: [] }])],
        ["tool-use-input messages[1].content[0].input"]
      ],
      [
        "thinking at the end of a turn",
        [userOf("a"), MessageRequest.assistant([text("b"), thinking("c")])],
        ["trailing-thinking messages[1].content[1]"]
      ],
      [
        "a block of the other role",
        [MessageRequest.user([toolUse("t")]), MessageRequest.assistant(results("t"))],
        ["misplaced-block messages[0].content[0]", "misplaced-block messages[1].content[0]"]
      ],
      [
        "blank text in a result",
        [
          userOf("a"),
          MessageRequest.assistant([toolUse("t")]),
          MessageRequest.user([Content.toolResult("t", [text("")])])
        ],
        ["blank messages[2].content[0].content[0].text"]
      ],
      [
        "a call of a server tool that has no result",
        [
          userOf("a"),
          MessageRequest.assistant([{ type: "server_tool_use", id: "srvtoolu_s", name: "web_search", input: {} }]),
          userOf("b")
        ],
        ["server-call-open messages[2]"]
      ],
      [
        "five cache breakpoints",
        [MessageRequest.user([1, 2, 3, 4, 5].map((n) => Content.cached(text(String(n)))))],
        ["cache-breakpoints messages"]
      ]
    ]

    it.each(bad)("explains %s", (_, messages, expected) => {
      assert.deepStrictEqual(History.check(messages).map(({ path, rule }) => `${rule} ${path}`), expected)
    })

    it.each(bad)("has nothing to say once repair mended %s", (_, messages) => {
      const { changes, history } = History.repair(messages)

      assert.isAbove(changes.length, 0)
      assert.deepStrictEqual(History.check(history), [])
    })

    it("accepts a conversation that waits for results", () => {
      assert.deepStrictEqual(History.check(calling("toolu_1")), [])
    })
  })

  describe("make", () => {
    it("takes turns that break no rule", () => {
      const messages = [userOf("a"), MessageRequest.assistant([text("b")]), MessageRequest.user([text("c")])]

      assert.deepStrictEqual(History.toMessages(Result.getOrThrow(History.make(messages))), [
        MessageRequest.user([text("a")]),
        ...messages.slice(1)
      ])
    })

    it("fails with all that is wrong, and one sentence about the first of it", () => {
      const error = Result.getOrThrow(Result.flip(History.make([assistantOf("a"), assistantOf(" ")])))

      assert.strictEqual(error._tag, "RequestValidationError")
      assert.strictEqual(error.outcome, "notSent")
      assert.lengthOf(error.violations, 3)
      assert.strictEqual(
        error.message,
        "messages[0].role: The model speaks first. Begin with a turn of the user. (and 2 more)"
      )
    })
  })

  describe("repair", () => {
    const changesOf = (messages: unknown) => History.repair(messages).changes.map(({ path, rule }) => `${rule} ${path}`)
    const sentOf = (messages: unknown) => History.toMessages(History.repair(messages).history)

    it("answers a call that was cut off from its result, before what the user said next", () => {
      const messages = [userOf("a"), MessageRequest.assistant([toolUse("t"), toolUse("u")]), userOf("b")]

      assert.deepStrictEqual(sentOf([...messages.slice(0, 2), MessageRequest.user([text("b"), ...results("u")])])[2], {
        role: "user",
        content: [
          Content.toolResult("t", "The result of this call was lost.", { isError: true }),
          ...results("u"),
          text("b")
        ]
      })
      assert.deepStrictEqual(changesOf(messages), [
        "tool-result-missing messages[2]",
        "tool-result-missing messages[2]"
      ])
    })

    it("lets the user say something first", () => {
      assert.deepStrictEqual(sentOf([assistantOf("Hi, how can I help?")]), [
        MessageRequest.user([text("(The user says nothing.)")]),
        MessageRequest.assistant([text("Hi, how can I help?")])
      ])
    })

    it("joins turns of the model between which nothing of the user's is left", () => {
      assert.deepStrictEqual(
        sentOf([userOf("a"), assistantOf("b"), MessageRequest.user(results("t")), assistantOf("c")]),
        [MessageRequest.user([text("a")]), MessageRequest.assistant([text("b"), text("c")])]
      )
    })

    it("gives a call id of its own to a call that used one again, and to its result", () => {
      const round = (n: string) => [
        MessageRequest.assistant([toolUse("call_0")]),
        MessageRequest.user([Content.toolResult("call_0", n)])
      ]
      const messages = sentOf([userOf("a"), ...round("1"), ...round("2"), ...round("3")])
      const ids = messages.flatMap((turn) =>
        MessageRequest.blocks(turn.content).map((block) =>
          block.type === "tool_use" ? block.id : block.type === "tool_result" ? block.tool_use_id : ""
        )
      )

      assert.deepStrictEqual(ids, ["", "call_0", "call_0", "call_0_2", "call_0_2", "call_0_3", "call_0_3"])
      const contents = messages.flatMap((turn) =>
        MessageRequest.blocks(turn.content).flatMap((block) => block.type === "tool_result" ? [block.content] : [])
      )
      assert.deepStrictEqual(contents, ["1", "2", "3"])
    })

    it("tells the results of two calls of one turn that share an id apart, by their order", () => {
      const messages = [
        userOf("a"),
        MessageRequest.assistant([toolUse("t"), toolUse("t")]),
        MessageRequest.user([Content.toolResult("t", "1"), Content.toolResult("t", "2")])
      ]

      assert.deepStrictEqual(sentOf(messages)[2]?.content, [
        Content.toolResult("t", "1"),
        Content.toolResult("t_2", "2")
      ])
    })

    it("leaves out a turn that says nothing, and speaks of nothing else", () => {
      assert.deepStrictEqual(changesOf([userOf("a"), MessageRequest.user([])]), ["blank messages[1]"])
      const { changes, history } = History.repair([userOf("a"), MessageRequest.assistant([thinking("Hm")])])
      assert.deepStrictEqual(changes.map(({ path, rule }) => `${rule} ${path}`), ["trailing-thinking messages[1]"])
      assert.strictEqual(history.size, 1)
    })

    it("says that it moved instructions from between turns that it joined", () => {
      assert.deepStrictEqual(changesOf([userOf("a"), MessageRequest.system("s"), userOf("b")]), [
        "roles-alternate messages[2]",
        "system-turn messages[2]"
      ])
    })

    it("leaves out what is not a turn, and takes anything for an argument", () => {
      assert.deepStrictEqual(changesOf([1, { role: "user" }, { role: "tool", content: "a" }]), [
        "shape messages[0]",
        "shape messages[1]",
        "shape messages[2]"
      ])
      assert.deepStrictEqual(changesOf("a"), ["shape messages"])
    })

    it("leaves turns that need no mending exactly as they are, instructions among them", () => {
      const messages = [
        MessageRequest.user([text("a")]),
        MessageRequest.system("s"),
        MessageRequest.assistant([text("b"), toolUse("t")]),
        MessageRequest.user(results("t")),
        MessageRequest.assistant([text("c")]),
        MessageRequest.system([text("s")]),
        MessageRequest.user([text("d")])
      ]

      assert.deepStrictEqual(changesOf(messages), [])
      assert.deepStrictEqual(sentOf(messages), messages)
    })

    it("moves instructions out of the way of what they cannot stand before", () => {
      const called = [userOf("a"), MessageRequest.assistant([toolUse("t")])]

      assert.deepStrictEqual(changesOf([MessageRequest.system("s"), userOf("a")]), ["system-turn messages[1]"])
      assert.deepStrictEqual(changesOf([MessageRequest.system("s")]), ["system-turn messages"])
      assert.deepStrictEqual(changesOf([...called, MessageRequest.system("s"), MessageRequest.user(results("t"))]), [
        "system-turn messages[3]"
      ])
      assert.deepStrictEqual(
        sentOf([...called, MessageRequest.system("s"), MessageRequest.user(results("t"))]).map(({ role }) => role),
        ["user", "assistant", "user", "system"]
      )
    })

    it("says nothing of a server's call where nothing came after it", () => {
      const search = { type: "server_tool_use", id: "srvtoolu_s", name: "web_search", input: {} } as const

      assert.deepStrictEqual(
        changesOf([userOf("a"), MessageRequest.assistant([text("b"), search]), MessageRequest.user(results("t"))]),
        [
          "tool-result-orphan messages[2].content[0]"
        ]
      )
    })

    it("closes calls that instructions follow", () => {
      const messages = [userOf("a"), MessageRequest.assistant([toolUse("t")]), MessageRequest.system("s")]

      assert.deepStrictEqual(changesOf(messages), ["tool-result-missing messages"])
      assert.deepStrictEqual(History.check(History.repair(messages).history), [])
    })

    it.prop("mends whatever it is given, and says so exactly where something was wrong", [Turns], ([messages]) => {
      const { changes, history } = History.repair(messages)

      assert.deepStrictEqual(History.check(history), [])
      assert.strictEqual(changes.length === 0, History.check(messages).length === 0)
    }, { arbitrary: { runs: 3000 } })

    it.prop("changes nothing the second time", [Turns], ([messages]) => {
      const once = History.toMessages(History.repair(messages).history)
      const twice = History.repair(once)

      assert.deepStrictEqual(twice.changes, [])
      assert.deepStrictEqual(History.toMessages(twice.history), once)
    }, { arbitrary: { runs: 3000 } })
  })

  describe("laws", () => {
    it.prop("whatever is added, the API's rules hold and the next words are accepted", [Steps], ([steps]) => {
      let history = History.empty
      for (const step of steps) {
        history = apply(history, step)
        const closed = History.closeTools(history)

        assert.deepStrictEqual(History.check(history), [])
        assert.deepStrictEqual(History.check(say(closed, "next")), [])
      }
    }, { arbitrary: { runs: 3000 } })

    it.prop("adding never changes what was there before", [Steps], ([steps]) => {
      let history = History.empty
      const seen: Array<readonly [History.History, string]> = []
      for (const step of steps) {
        seen.push([history, JSON.stringify(History.toMessages(history))])
        history = apply(history, step)
      }

      for (const [before, messages] of seen) assert.strictEqual(JSON.stringify(History.toMessages(before)), messages)
    })

    it.prop("usage is the sum over the replies", [Steps], ([steps]) => {
      const history = steps.reduce(apply, History.empty)
      const sum = History.entries(history).reduce(
        (sum, entry) => entry._tag === "Reply" ? Usage.combine(sum, Usage.totals(entry.message.usage)) : sum,
        Usage.empty
      )

      assert.deepStrictEqual(History.usage(history), sum)
    })

    it("a turn costs what it weighs, however long the conversation is", () => {
      let history = History.empty
      for (let n = 0; n < 20_000; n++) history = answer(say(history, "a"), [text("b")])

      // Shared, not copied: going back finds the very same value.
      assert.strictEqual(History.rewind(say(history, "c"), 1), history)
      assert.strictEqual(History.toMessages(history).length, 40_000)
      assert.strictEqual(History.toMessages(history)[7]?.content, History.toMessages(history)[7]?.content)
    })
  })

  describe("printing", () => {
    it("shows no content", () => {
      const history = answer(say(History.empty, "secret"), [text("secret")])

      for (
        const shown of [JSON.stringify(history), String(history), inspect(history), inspect({ history }, { depth: 9 })]
      ) {
        assert.notInclude(shown, "secret")
      }
      assert.strictEqual(String(history), "History(2 entries, ready)")
    })
  })
})

// -----------------------------------------------------------------------------
// generated turns
// -----------------------------------------------------------------------------

const Id = Schema.Literals(["t1", "t2", "t3"])
const Words = Schema.Literals(["", " ", "a", "b"])
const Block = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), text: Words }),
  Schema.Struct({ type: Schema.Literal("thinking"), thinking: Words, signature: Schema.Literal("sig") }),
  Schema.Struct({
    type: Schema.Literal("tool_use"),
    id: Id,
    name: Schema.Literal("tool"),
    input: Schema.Literals([1])
  }),
  Schema.Struct({ type: Schema.Literal("tool_use"), id: Id, name: Schema.Literal("tool"), input: Schema.Struct({}) }),
  Schema.Struct({ type: Schema.Literal("tool_result"), tool_use_id: Id, content: Words }),
  Schema.Struct({
    type: Schema.Literal("tool_result"),
    tool_use_id: Id,
    content: Schema.Array(Schema.Struct({ type: Schema.Literal("text"), text: Words }))
  }),
  Schema.Struct({
    type: Schema.Literal("server_tool_use"),
    id: Id,
    name: Schema.Literal("web_search"),
    input: Schema.Struct({})
  }),
  Schema.Struct({
    type: Schema.Literal("text"),
    text: Schema.Literal("cached"),
    cache_control: Schema.Struct({ type: Schema.Literal("ephemeral") })
  })
])

/** Turns as no client should send them: every block anywhere, few ids, so that they clash. */
const Turns = Arbitrary.array(
  Arbitrary.schema(Schema.Struct({
    role: Schema.Literals(["user", "assistant", "user", "assistant", "system"]),
    content: Schema.Union([Words, Schema.Array(Block)])
  })),
  { maxLength: 12 }
).pipe(Arbitrary.map((turns): ReadonlyArray<MessageRequest.MessageParam> => turns))
