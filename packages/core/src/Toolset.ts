/**
 * Sets of tools that the API defines and the caller runs: a computer, a browser.
 *
 * A toolset has no name. Its members arrive as `tool_use` blocks with a
 * `toolset_name`, and are answered by `tool_result` blocks with the same: never
 * go by the name of a member alone, which a tool of the caller's own may share.
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
 * What holds for one member of a toolset.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MemberConfig extends Wire.Class<MemberConfig>()("MemberConfig", {
  enabled: Wire.nullish(Schema.Boolean),
  defer_loading: Wire.nullish(Schema.Boolean)
}) {}

/**
 * What holds for each member of the computer toolset.
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
 * What holds for each member of the browser toolset.
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
