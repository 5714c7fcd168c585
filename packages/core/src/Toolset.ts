/**
 * Sets of tools that the API defines and the client runs: a computer and a
 * browser.
 *
 * A toolset has no name. A call of a member is a `tool_use` block with a
 * `toolset_name`, and its result is a `tool_result` block with the same
 * `toolset_name`. Always compare `toolset_name` too, because a client tool may
 * have the name of a member.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The configuration of one member of a toolset.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MemberConfig extends Wire.Class<MemberConfig>()("MemberConfig", {
  enabled: Wire.nullish(Schema.Boolean),
  defer_loading: Wire.nullish(Schema.Boolean)
}) {}

/**
 * The configuration of the members of the computer toolset.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ComputerConfigs extends Wire.Class<ComputerConfigs>()("ComputerConfigs", {
  key: Wire.nullish(MemberConfig),
  hold_key: Wire.nullish(MemberConfig),
  type: Wire.nullish(MemberConfig),
  cursor_position: Wire.nullish(MemberConfig),
  mouse_move: Wire.nullish(MemberConfig),
  left_mouse_down: Wire.nullish(MemberConfig),
  left_mouse_up: Wire.nullish(MemberConfig),
  left_click: Wire.nullish(MemberConfig),
  left_click_drag: Wire.nullish(MemberConfig),
  right_click: Wire.nullish(MemberConfig),
  middle_click: Wire.nullish(MemberConfig),
  double_click: Wire.nullish(MemberConfig),
  triple_click: Wire.nullish(MemberConfig),
  scroll: Wire.nullish(MemberConfig),
  wait: Wire.nullish(MemberConfig),
  screenshot: Wire.nullish(MemberConfig),
  zoom: Wire.nullish(MemberConfig)
}) {}

/**
 * A screen, a keyboard and a mouse, as a set of tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ComputerToolset extends Wire.Class<ComputerToolset>()("ComputerToolset", {
  type: Schema.Literal("computer_toolset_20260801"),
  configs: Wire.nullish(ComputerConfigs),
  ...CacheControl.field
}) {}

/**
 * The configuration of the members of the browser toolset.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BrowserConfigs extends Wire.Class<BrowserConfigs>()("BrowserConfigs", {
  navigate: Wire.nullish(MemberConfig),
  list_tabs: Wire.nullish(MemberConfig),
  new_tab: Wire.nullish(MemberConfig),
  switch_tab: Wire.nullish(MemberConfig),
  close_tab: Wire.nullish(MemberConfig),
  read_page: Wire.nullish(MemberConfig),
  get_page_text: Wire.nullish(MemberConfig),
  read_console: Wire.nullish(MemberConfig),
  read_network: Wire.nullish(MemberConfig),
  find: Wire.nullish(MemberConfig),
  form_input: Wire.nullish(MemberConfig),
  file_upload: Wire.nullish(MemberConfig),
  scroll_to: Wire.nullish(MemberConfig),
  screenshot: Wire.nullish(MemberConfig),
  zoom: Wire.nullish(MemberConfig),
  left_click: Wire.nullish(MemberConfig),
  right_click: Wire.nullish(MemberConfig),
  middle_click: Wire.nullish(MemberConfig),
  double_click: Wire.nullish(MemberConfig),
  triple_click: Wire.nullish(MemberConfig),
  hover: Wire.nullish(MemberConfig),
  left_click_drag: Wire.nullish(MemberConfig),
  left_mouse_down: Wire.nullish(MemberConfig),
  left_mouse_up: Wire.nullish(MemberConfig),
  mouse_move: Wire.nullish(MemberConfig),
  scroll: Wire.nullish(MemberConfig),
  type: Wire.nullish(MemberConfig),
  key: Wire.nullish(MemberConfig),
  hold_key: Wire.nullish(MemberConfig),
  wait: Wire.nullish(MemberConfig),
  javascript_exec: Wire.nullish(MemberConfig)
}) {}

/**
 * A browser, as a set of tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BrowserToolset extends Wire.Class<BrowserToolset>()("BrowserToolset", {
  type: Schema.Literal("browser_toolset_20260801"),
  configs: Wire.nullish(BrowserConfigs),
  ...CacheControl.field
}) {}
