// Marks what a module computes while it loads as free of side effects, so that a bundler leaves out what nobody uses.
//
// Every package says that its modules have no side effects, and a bundler believes that of whole modules. Inside one
// that is used for something, it keeps each top-level call unless the call is marked as pure. Effect's own build does
// the same.
//
// A class that extends something is kept even then, because `extends` may throw. So such a declaration becomes a
// constant made by a marked function: `class A extends base() {}` is `const A = /*#__PURE__*/ (() => class A extends
// base() {})();`. Both have the same name, the same binding and the same dead zone before it.
import ts from "typescript-6"

const mark = "/*#__PURE__*/ "

/** Returns the text of a module with its top-level calls marked. Marking twice changes nothing more. */
export const markPure = (path, text) => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const edits = new Map()
  const insert = (place, inserted) => edits.set(place, `${edits.get(place) ?? ""}${inserted}`)

  const visit = (node) => {
    if (isDeferred(node)) return
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && !text.slice(0, node.getStart()).endsWith(mark)) {
      // A call of a call begins where that call begins, and one mark is for both.
      if (!edits.has(node.getStart())) insert(node.getStart(), mark)
    }
    ts.forEachChild(node, visit)
  }

  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement)) {
      if (isDerived(statement)) {
        const start = statement.getChildren().find(({ kind }) => kind === ts.SyntaxKind.ClassKeyword).getStart()
        insert(start, `const ${statement.name.text} = ${mark}(() => `)
        insert(statement.getEnd(), ")();")
      } else visit(statement)
    }
    if (!ts.isVariableStatement(statement)) continue
    for (const { initializer } of statement.declarationList.declarations) {
      if (initializer === undefined) continue
      if (!mayRunCode(initializer)) visit(initializer)
      else if (!text.slice(0, initializer.getStart()).endsWith(mark)) {
        // What is spread or read may have a getter for all a bundler knows; what a function does is the function's.
        insert(initializer.getStart(), `${mark}(() => (`)
        insert(initializer.getEnd(), "))()")
      }
    }
  }
  return Array.from(edits).toSorted(([a], [b]) => b - a).reduce(
    (out, [place, inserted]) => `${out.slice(0, place)}${inserted}${out.slice(place)}`,
    text
  )
}

/** Whether a class that is neither ambient nor a default export extends an expression. */
const isDerived = ({ heritageClauses, modifiers, name }) =>
  name !== undefined && heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) === true &&
  (modifiers ?? []).every(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

/** What does not run when the module loads. */
const isDeferred = (node) =>
  ts.isFunctionLike(node) || ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node) ||
  ts.isPropertyDeclaration(node) && !node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)

/** Whether an expression spreads something, or reads further than a name of a namespace. */
const mayRunCode = (node) => {
  if (isDeferred(node)) return false
  if (ts.isSpreadAssignment(node) || ts.isSpreadElement(node)) return true
  if (ts.isElementAccessExpression(node)) return true
  if (ts.isPropertyAccessExpression(node) && !ts.isCallExpression(node.parent) && !ts.isIdentifier(node.expression)) {
    return true
  }
  return ts.forEachChild(node, (child) => mayRunCode(child) || undefined) ?? false
}
