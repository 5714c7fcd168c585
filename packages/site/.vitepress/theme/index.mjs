// VitePress's own theme, with room for lines of code.
import DefaultTheme from "vitepress/theme"
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet gives nothing
import "./style.css"

// oxlint-disable-next-line import/no-default-export -- VitePress reads the theme from here
export default DefaultTheme
